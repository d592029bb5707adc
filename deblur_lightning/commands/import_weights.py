"""`deblur import-weights`: turn weights, the authors' or our own, into a checkpoint that every command accepts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from deblur_lightning.commands._output_paths import check_file

if TYPE_CHECKING:
    from torch import Tensor

    from deblur_lightning.checkpoints import Checkpoint
    from deblur_lightning.deblurring import Deblurrer

PUBLISHED = {"AdaptiveBasisNetwork": "adaptive-basis", "DeblurGANGenerator": "deblurgan", "NAFNet": "nafnet"}
"""The published model of each network."""


class _Weights(NamedTuple):
    """A deblurrer's weights by name, and its recipe."""

    weights: dict[str, Tensor]
    recipe: dict[str, Any]


def import_weights(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Weights: .pkl, .pth, .ckpt or .safetensors.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="Checkpoint to write: .ckpt or .safetensors.")
    ],
    model: Annotated[
        Literal["adaptive-basis", "deblurgan", "nafnet"] | None,
        typer.Option(help="What FILE must be; default: whatever it holds."),
    ] = None,
    half: Annotated[
        bool, typer.Option("--half", help="Store 16-bit numbers: half the size, three significant digits.")
    ] = False,
    borrow: Annotated[
        Path | None,
        typer.Option(
            metavar="DIRECT",
            help="Leave out the direct network's weights, to be read from this checkpoint, which must lie beside OUT.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists, but never FILE.")] = False,
) -> None:
    """Turn weights into a checkpoint that every command accepts.

    It reads the files that the methods' authors released, as downloaded (TwoHeads.pkl, N_kernels_network.pth,
    latest_net_G.pth, NAFNet-GoPro-width32.pth), and our own checkpoints. Only what is needed to restore is kept, not a
    critic or the training state. Code in a file is never run.
    """
    from deblur_lightning.checkpoints import read_checkpoint, write_checkpoint
    from deblur_lightning.checkpoints.borrowed import lent
    from deblur_lightning.checkpoints.own import check_target, in_16_bits

    check_target(output, borrowing=borrow is not None)
    if borrow is not None and output.resolve() == borrow.resolve():
        raise ValueError(f"{output} is to be written and to be borrowed from. Choose another name for it.")
    if file.exists() and output.exists() and output.samefile(file):
        raise ValueError(f"{output} would be replaced by its weights alone. Choose another name for --output.")
    check_file(output, overwrite=overwrite)
    weights, recipe = _read(file, model)
    if half:
        weights = in_16_bits(weights, file, "Leave out --half.")
    count = sum(weight.numel() for weight in weights.values())
    borrowed = None
    if borrow is not None:
        weights, borrowed = lent(weights, borrow, read_checkpoint(borrow).weights)
    write_checkpoint(output, weights, recipe, borrowed)
    size, kind = output.stat().st_size, recipe["class_path"].rpartition(".")[2]
    typer.echo(f"{file} -> {output}: {kind}, {count / 1e6:.2f} million parameters, {size / 1e6:.1f} MB")


def _read(source: Path, model: str | None) -> _Weights:
    """Read either kind of source."""
    from deblur_lightning.checkpoints import read_checkpoint
    from deblur_lightning.checkpoints.own import parse_checkpoint
    from deblur_lightning.checkpoints.published import SOURCE, parse_published
    from deblur_lightning.checkpoints.reading import read_torch_file
    from deblur_lightning.deblurring import DirectDeblurrer, MotionDeblurrer, describe

    content = None if source.suffix == ".safetensors" else read_torch_file(source, SOURCE)
    if content is None:
        return _restoring(source, read_checkpoint(source), model)
    if isinstance(content, dict) and "state_dict" in content:
        return _restoring(source, parse_checkpoint(source, content), model)
    published = parse_published(source, content, model)
    network = published.network
    deblurrer: Deblurrer
    if published.model == "adaptive-basis":
        deblurrer = MotionDeblurrer(network)
    else:
        deblurrer = DirectDeblurrer(network, signed=published.model == "deblurgan")
    return _Weights(deblurrer.state_dict(), describe(deblurrer))


def _restoring(source: Path, checkpoint: Checkpoint, model: str | None) -> _Weights:
    """Take a checkpoint of ours, which must be of the model that was asked for."""
    kind = str(checkpoint.recipe["class_path"]).rpartition(".")[2]
    parts = checkpoint.recipe["init_args"]
    network = str((parts.get("network") or parts.get("generator") or {}).get("class_path")).rpartition(".")[2]
    if model is not None and PUBLISHED.get(network) != model:
        raise ValueError(f"{source} is a checkpoint of {kind}, but --model is {model}. Leave out --model.")
    return _Weights(checkpoint.weights, checkpoint.recipe)
