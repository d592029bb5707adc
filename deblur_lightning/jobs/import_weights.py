"""Turn weights, the authors' or our own, into a checkpoint that every command accepts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deblur_lightning.jobs.load_restorer import MODULES, module_of

if TYPE_CHECKING:
    from torch import Tensor

    from deblur_lightning.checkpoints import Checkpoint

PUBLISHED = {"adaptive-basis": "AdaptiveBasisModule", "deblurgan": "DeblurGANModule"}
"""The module of each published model, which is the first of its networks."""


class _Weights(NamedTuple):
    """A module's class name, its weights and arguments."""

    module: str
    weights: dict[str, Tensor]
    arguments: dict[str, Any]


def import_weights(source: Path, target: Path, model: str | None = None, *, half: bool = False) -> str:
    """Write what restores, and nothing else: a critic and the state of training are left out.

    Args:
        source: a file as its authors released it (see `load_published`), or a checkpoint of ours: a Lightning one or
            ``.safetensors``.
        target: ``.ckpt`` or ``.safetensors``.
        model: which model ``source`` must be, adaptive-basis or deblurgan; None takes what its names tell.
        half: store numbers in 16 bits: half the size, three significant digits; loaded as 32 bits.

    Returns:
        What was written, in a sentence.

    Raises:
        FileNotFoundError: no such source.
        ValueError: a source that is neither, or a target of another suffix.
    """
    import torch

    from deblur_lightning.checkpoints import write_checkpoint
    from deblur_lightning.checkpoints.own import check_target

    check_target(target)
    module, weights, arguments = _read(source, model)
    if half:
        weights = {name: weight.to(torch.float16) for name, weight in weights.items()}
        beyond = next((name for name, weight in weights.items() if not weight.isfinite().all()), None)
        if beyond:
            raise ValueError(f"{source} holds {beyond} with values beyond 16 bits. Leave out --half.")
    write_checkpoint(target, weights, module, arguments)
    count, size = sum(weight.numel() for weight in weights.values()), target.stat().st_size
    return f"{source} -> {target}: {module}, {count / 1e6:.2f} million parameters, {size / 1e6:.1f} MB"


def _read(source: Path, model: str | None) -> _Weights:
    """Read either kind of source."""
    from deblur_lightning.checkpoints import read_checkpoint
    from deblur_lightning.checkpoints.own import parse_checkpoint
    from deblur_lightning.checkpoints.published import SOURCE, parse_published
    from deblur_lightning.checkpoints.reading import read_torch_file

    content = None if source.suffix == ".safetensors" else read_torch_file(source, SOURCE)
    if content is None:
        return _restoring(source, read_checkpoint(source), model)
    if isinstance(content, dict) and "state_dict" in content:
        return _restoring(source, parse_checkpoint(source, content), model)
    published = parse_published(source, content, model)
    module = PUBLISHED[published.model]
    weights = {MODULES[module][0] + name: weight for name, weight in published.network.state_dict().items()}
    return _Weights(module, weights, published.arguments)


def _restoring(source: Path, checkpoint: Checkpoint, model: str | None) -> _Weights:
    """Keep of a checkpoint of ours what restores."""
    prefixes, module = module_of(source, checkpoint.weights)
    if model is not None and PUBLISHED[model] != module:
        raise ValueError(f"{source} is a checkpoint of {module}, but --model is {model}. Leave out --model.")
    kept = {name: weight for name, weight in checkpoint.weights.items() if name.startswith(prefixes)}
    plain = {name: value for name, value in checkpoint.arguments.items() if not name.startswith("_")}
    return _Weights(module, kept, plain)
