"""The `lightning` command: Lightning's own command line over our modules and data, on one screen.

Lightning takes six seconds to import on two cores, so help and mistyped commands are answered before it is.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import shlex
import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from deblur_lightning.patience import wait_asleep
from deblur_lightning.terminal import drop_output, naming_output, print_any_name

if TYPE_CHECKING:
    from pytorch_lightning.cli import LightningCLI

SUBCOMMANDS = {
    "fit": "train a model, validating as it goes",
    "validate": "score a checkpoint on the validation split",
    "test": "score a checkpoint on the test split",
    "predict": "restore pictures with a checkpoint",
}
EPILOG = """\
typical use:
  lightning fit --config experiments/sample/adaptive_basis.yaml
  lightning test --config experiments/sample/adaptive_basis.yaml --ckpt_path results/…/best.ckpt
  lightning fit --help            every option of training
  lightning fit --model.help AdaptiveBasisModule
"""


def front(argv: Sequence[str]) -> None:
    """Answer help, a mistyped subcommand, a missing or broken file at once; return where Lightning is needed."""
    parser = argparse.ArgumentParser(
        prog="lightning",
        description="Train and score deblur_lightning's models with PyTorch Lightning.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"deblur_lightning {version('deblur-lightning')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, summary in SUBCOMMANDS.items():
        options = commands.add_parser(name, help=summary, add_help=False)
        options.add_argument("--config", "-c", action="append", default=[])
        options.add_argument("--ckpt_path")
    known, _ = parser.parse_known_args(argv[:1] if argv[:1] and argv[0].startswith("-") else argv)
    named = [path for path in known.config if "\n" not in path] + [known.ckpt_path or ""]
    for path in named:
        looks_like_path = path.endswith((".yaml", ".yml", ".ckpt", ".safetensors"))
        if looks_like_path and not Path(path).is_file():
            parser.error(f"{path} does not exist, but it is needed first. Check the path; this folder is {Path.cwd()}.")
        is_file = os.path.isfile(path)  # noqa: PTH113 - False of a whole configuration in one line, too long for a name
        if path in known.config and is_file and (wrong := broken_yaml(Path(path))):
            parser.error(wrong)


def broken_yaml(path: Path) -> str | None:
    """Say where a file breaks the rules of YAML, if it does."""
    import yaml

    try:
        yaml.compose(path.read_bytes())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where, what = f", line {mark.line + 1}," if mark else "", getattr(error, "problem", None) or error.reason
        return f"{path}{where} is no YAML: {what}. Fix it there."
    except RecursionError:
        return f"{path} is no YAML: brackets are nested too deeply. Fix it there."
    return None


def run(argv: Sequence[str] | None) -> LightningCLI:
    """Hand over to LightningCLI in subclass mode: the YAML names the module and the data.

    A run resumed from its ``last.ckpt`` goes on in its folder; tests and predictions make none.

    Raises:
        ValueError: among others, what Lightning refuses.
    """
    from deblur_lightning.deblurring.recipe import quieten_jsonargparse

    quieten_jsonargparse()
    import pytorch_lightning as lightning
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    from deblur_lightning.lightning_cli.checkpoint_cli import CheckpointCLI
    from deblur_lightning.lightning_cli.misconfigured import misconfigured
    from deblur_lightning.lightning_cli.mistakes import BriefParser
    from deblur_lightning.lightning_cli.run_folder import FitConfig

    give_short_names()
    # Lightning 2.6's own deprecation on newer PyTorch, what it says on every resume in place, and its advertisement
    warnings.filterwarnings("ignore", r".isinstance\(treespec, LeafSpec\)", FutureWarning)
    warnings.filterwarnings("ignore", "Checkpoint directory .* exists and is not empty")
    logging.getLogger("pytorch_lightning.utilities.rank_zero").addFilter(lambda r: "litlogger" not in r.getMessage())
    try:
        return CheckpointCLI(
            lightning.LightningModule,
            lightning.LightningDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            parser_class=BriefParser,
            auto_configure_optimizers=False,
            seed_everything_default=1,
            save_config_callback=FitConfig,
            save_config_kwargs={"overwrite": True},
            trainer_defaults=trainer_defaults(sys.argv[1:] if argv is None else argv),
            args=None if argv is None else list(argv),
        )
    except (MisconfigurationException, RuntimeError, ValueError) as error:
        if said := misconfigured(error, certain=isinstance(error, MisconfigurationException)):
            raise ValueError(said) from error
        raise


def give_short_names() -> None:
    """Let YAML name our classes without their packages, which it can once they are imported."""
    for part in ("callbacks", "data", "deblurring", "losses", "modules", "networks"):
        package = importlib.import_module(f"deblur_lightning.{part}")
        for name in package.__all__:
            getattr(package, name)


def trainer_defaults(argv: Sequence[str]) -> dict[str, object]:
    """Give the trainer's defaults, so that an experiment's YAML is short.

    They are a CSV log and checkpoints ``best`` (by ``val/psnr``) and ``last`` in ``results/runs/version_N``, steps that
    repeat exactly when resumed, a stop at the first NaN, and every test added to the results store.

    Args:
        argv: what was typed behind ``lightning``, for the store.
    """
    from deblur_lightning import callbacks

    return {
        "logger": {
            "class_path": "deblur_lightning.callbacks.GrowingLog",
            "init_args": {"save_dir": "results", "name": "runs"},
        },
        "callbacks": [
            callbacks.KeepBest(),
            callbacks.KeepLast(),
            callbacks.StepSeeds(),
            callbacks.StopOnNaN(),
            callbacks.LearningRates(),
            callbacks.RecordResults(config=shlex.join(["lightning", *argv])),
        ],
        "log_every_n_steps": 10,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Run `lightning`; an error a user can fix is one line on stderr and exit status 1."""
    wait_asleep()
    print_any_name()
    try:
        with naming_output():
            front(sys.argv[1:] if argv is None else argv)
            run(argv)
    except BrokenPipeError:
        drop_output()
        sys.exit(1)
    except (ValueError, OSError) as error:
        from deblur_lightning.lightning_cli.mistakes import brief
        from deblur_lightning.sentences import sentence

        said = sentence(error)
        sys.exit(f"lightning: {brief(said) if 'Given value type:' in said else said}")
    except RuntimeError as error:
        if "loading state_dict" not in str(error):
            raise
        first = str(error).splitlines()[1].strip()
        sys.exit(
            f"lightning: the checkpoint holds another architecture than the config's model ({first}). "
            "Pass the config it was trained with, or another --ckpt_path."
        )
