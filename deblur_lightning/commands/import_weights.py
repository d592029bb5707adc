"""`deblur import-weights`: turn weights, the authors' or our own, into a checkpoint that every command accepts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

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


def import_weights(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Weights: .pkl, .pth, .ckpt or .safetensors.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="Checkpoint to write: .ckpt or .safetensors.")
    ],
    model: Annotated[
        Literal["adaptive-basis", "deblurgan"] | None,
        typer.Option(help="What FILE must be; default: whatever it holds."),
    ] = None,
    half: Annotated[
        bool, typer.Option("--half", help="Store 16-bit numbers: half the size, three significant digits.")
    ] = False,
) -> None:
    """Turn weights into a checkpoint that every command accepts.

    Takes the files that the methods' authors released, as downloaded (TwoHeads.pkl, N_kernels_network.pth,
    latest_net_G.pth), and our own checkpoints. Only what restores is kept, not a critic or the state of a training.
    Code in a file is never run.
    """
    import torch

    from deblur_lightning.checkpoints import write_checkpoint
    from deblur_lightning.checkpoints.own import check_target

    check_target(output)
    module, weights, arguments = _read(file, model)
    if half:
        weights = {name: weight.to(torch.float16) for name, weight in weights.items()}
        beyond = next((name for name, weight in weights.items() if not weight.isfinite().all()), None)
        if beyond:
            raise ValueError(f"{file} holds {beyond} with values beyond 16 bits. Leave out --half.")
    write_checkpoint(output, weights, module, arguments)
    count, size = sum(weight.numel() for weight in weights.values()), output.stat().st_size
    typer.echo(f"{file} -> {output}: {module}, {count / 1e6:.2f} million parameters, {size / 1e6:.1f} MB")


def _read(source: Path, model: str | None) -> _Weights:
    """Read either kind of source."""
    from deblur_lightning.checkpoints import read_checkpoint
    from deblur_lightning.checkpoints.own import parse_checkpoint
    from deblur_lightning.checkpoints.published import SOURCE, parse_published
    from deblur_lightning.checkpoints.reading import read_torch_file
    from deblur_lightning.jobs.load_restorer import MODULES

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
    from deblur_lightning.jobs.load_restorer import module_of

    prefixes, module = module_of(source, checkpoint.weights)
    if model is not None and PUBLISHED[model] != module:
        raise ValueError(f"{source} is a checkpoint of {module}, but --model is {model}. Leave out --model.")
    kept = {name: weight for name, weight in checkpoint.weights.items() if name.startswith(prefixes)}
    plain = {name: value for name, value in checkpoint.arguments.items() if not name.startswith("_")}
    return _Weights(module, kept, plain)
