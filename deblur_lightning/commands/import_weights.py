"""`deblur import-weights`: turn weights, the authors' or our own, into a checkpoint that every command accepts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deblur_lightning.commands._output_paths import check_file
from deblur_lightning.commands._saying import say

WEIGHTS = "a .pkl, .pth, .ckpt or .safetensors file, or a bundled model: blind, learned or direct"

if TYPE_CHECKING:
    from deblur_lightning.checkpoints import Checkpoint
    from deblur_lightning.deblurring import Deblurrer


def import_weights(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=f"Weights: {WEIGHTS}.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="Checkpoint to write: .ckpt or .safetensors.")
    ],
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
    from deblur_lightning.checkpoints.own import check_finite, check_target, in_16_bits
    from deblur_lightning.deblurring import find_checkpoint

    file = find_checkpoint(file)
    check_target(output, borrowing=borrow is not None)
    if borrow is not None and output.resolve() == borrow.resolve():
        raise ValueError(f"{output} is to be written and to be borrowed from. Choose another name for it.")
    if file.exists() and output.exists() and output.samefile(file):
        raise ValueError(f"{output} would be replaced by its weights alone. Choose another name for --output.")
    check_file(output, overwrite=overwrite)
    weights, recipe, _ = _read(file)
    check_finite(weights, file)
    if half:
        weights = in_16_bits(weights, file, "Leave out --half.")
    count = sum(weight.numel() for weight in weights.values())
    borrowed = None
    if borrow is not None:
        weights, borrowed = lent(weights, borrow, read_checkpoint(borrow).weights)
    write_checkpoint(output, weights, recipe, borrowed)
    size, kind = output.stat().st_size, recipe["class_path"].rpartition(".")[2]
    say(f"{file} -> {output}: {kind}, {count / 1e6:.2f} million parameters, {size / 1e6:.1f} MB")


def _read(source: Path) -> Checkpoint:
    """Read either kind of source."""
    from deblur_lightning.checkpoints import Checkpoint, read_checkpoint
    from deblur_lightning.checkpoints.own import parse_checkpoint
    from deblur_lightning.checkpoints.published import SOURCE, parse_published
    from deblur_lightning.checkpoints.reading import read_torch_file
    from deblur_lightning.deblurring import DirectDeblurrer, MotionDeblurrer, describe

    content = None if source.suffix == ".safetensors" else read_torch_file(source, SOURCE)
    if content is None:
        return read_checkpoint(source)
    if isinstance(content, dict) and "state_dict" in content:
        return parse_checkpoint(source, content)
    published = parse_published(source, content)
    network = published.network
    deblurrer: Deblurrer
    if published.model == "adaptive-basis":
        deblurrer = MotionDeblurrer(network)
    else:
        deblurrer = DirectDeblurrer(network, signed=published.model == "deblurgan")
    return Checkpoint(deblurrer.state_dict(), describe(deblurrer), resumes=False)
