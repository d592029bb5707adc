"""What Lightning refuses at the start of a run, in one line and with the option that mends it."""

import re
from collections.abc import Callable

LOOKED_AT = 300  # characters of a message that nothing here knows

Rule = tuple[str, Callable[[re.Match[str]], str]]

RULES: tuple[Rule, ...] = (
    (
        r"No supported gpu backend|`(\w+)Accelerator` can not run on your system",
        lambda found: (
            f"accelerator is {(found[1] or 'gpu').lower()}, but PyTorch finds none here. "
            "Pass --trainer.accelerator auto, or cpu."
        ),
    ),
    (
        r"You requested gpu: (\[[^\]]*\])[\s\S]*only has: (\[[^\]]*\])",
        lambda found: f"devices are {found[1]}, but there are {found[2]}. Pass --trainer.devices 1.",
    ),
    (
        r"gradient accumulation is not supported for manual optimization.*accumulate_grad_batches=(\d+)",
        lambda found: (
            f"accumulate_grad_batches is {found[1]}, but the model's two networks step by themselves. "
            f"Pass --model.init_args.accumulate {found[1]} instead."
        ),
    ),
    (
        r"gradient clipping is not supported for manual optimization.*gradient_clip_val=([\d.]+)",
        lambda found: (
            f"gradient_clip_val is {found[1]}, but the model's two networks step by themselves, the critic "
            "under a gradient penalty. Leave it out."
        ),
    ),
    (
        r"(Early stopping|ReduceLROnPlateau) conditioned on metric `?([\w/.]+)`? which is not available[^:]*: (.*)",
        lambda found: f"{found[1]} watches {found[2]}, but what is logged is {_names(found[3])}. Watch one of these.",
    ),
    (
        r"ModelCheckpoint\(monitor='([^']+)'\)` could not find the monitored key in the returned metrics: \[([^\]]*)\]",
        lambda found: (
            f"ModelCheckpoint watches {found[1]}, but what is logged is {_names(found[2])}. Watch one of these."
        ),
    ),
    (
        r"No `training_step\(\)` method defined",
        lambda found: (
            "fit trains, but the model only restores and scores. Pass a model that learns, as "
            "AdaptiveBasisModule or, for a network of yours, RegressionModule; or run `lightning test`."
        ),
    ),
    (
        r"You provided multiple `(\w+)_dataloader`",
        lambda found: (
            f"the data have several loaders for {found[1]}, but means are of one data set. Pass one at a time."
        ),
    ),
    (
        r"Trainer was configured with `enable_checkpointing=False`",
        lambda found: (
            "checkpointing is disabled, but `lightning fit` keeps the last and the best state. "
            "Leave --trainer.enable_checkpointing and --trainer.barebones out."
        ),
    ),
    (
        r"No `(\w+)_dataloader\(\)` method defined|`(\w+)_dataloader` must be implemented",
        lambda found: f"the data have no {found[1] or found[2]} pictures. Pass other --data.",
    ),
    (
        r"(-?\d+) is not in bounds, numpy accepts from (\d+) to (\d+)",
        lambda found: f"seed_everything is {found[1]}, but seeds are {found[2]} to {found[3]}. Pass one of these.",
    ),
)
"""What Lightning's messages match, and what is said instead."""


def misconfigured(error: Exception, *, certain: bool) -> str | None:
    """Say in one line what a run is refused for.

    Args:
        error: Lightning's.
        certain: it is of the kind that Lightning raises at wrong options, so that something is said in any case.

    Returns:
        Sentences; None for errors that are no user's to mend.
    """
    said = " ".join(str(error).split())
    for pattern, sentence in RULES:
        if found := re.search(pattern, said):
            return sentence(found)
    if not certain:
        return None
    first = said if len(said) <= LOOKED_AT else said[:LOOKED_AT].rpartition(". ")[0] or said[:LOOKED_AT] + " …"
    return first if first.endswith((".", "…", "!")) else f"{first}."


def _names(listed: str) -> str:
    """Take the metrics out of a list as Lightning prints it; of steps' and epochs' names one is enough."""
    names = sorted({name for name in re.findall(r"[\w/.]+", listed) if "/" in name and not name.endswith("_step")})
    return ", ".join(names) or "nothing"
