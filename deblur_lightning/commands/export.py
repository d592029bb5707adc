"""`deblur export`: write a direct network for other programs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deblur_lightning.commands._output_paths import check_file, check_folder_writable
from deblur_lightning.commands._saying import say

if TYPE_CHECKING:
    from deblur_lightning.deblurring import DirectDeblurrer

NEEDED = ("onnx", "onnxruntime")

TOLERANCE = 1e-4
"""Of a pixel in [0, 1]; 8 bits have steps of 4e-3."""


def export(
    output: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="The file to write.")],
    checkpoint: Annotated[
        Path,
        typer.Option(metavar="FILE", help="A direct network: the bundled one (direct), a .ckpt or a .safetensors."),
    ] = Path("direct"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")] = False,
) -> None:
    """Write a direct network as ONNX, for other programs.

    Its input `blurry` is one RGB picture as float32 [1, 3, height, width] in [0, 1], of any size from 8 x 8; its output
    `restored` has the same shape and range. It needs no padding, no mean subtraction and no PyTorch. Before the file
    gets its name, its output is compared with ours. Models that estimate motion are algorithms, not networks, and
    cannot be written so.
    """
    _check_output(output, overwrite=overwrite)
    _check_installed()
    check_folder_writable(output.parent)

    from deblur_lightning.deblurring.exporting import SIZES, farthest, write_onnx
    from deblur_lightning.whole_file import whole_file

    deblurrer = _direct(checkpoint)
    with whole_file(output) as part:
        write_onnx(deblurrer, part)
        difference = farthest(deblurrer, part)
        if not difference <= TOLERANCE:
            raise ValueError(
                f"{output} was not written: its answers differ from ours by {difference:.2g}, but {TOLERANCE:g} is "
                "allowed. Try another version of torch or onnxruntime."
            )
    size = output.stat().st_size / 1e6
    say(f"{output}: {deblurrer.method}, {size:.1f} MB, within {difference:.0e} of ours at {len(SIZES)} sizes")


def _check_output(output: Path, *, overwrite: bool) -> None:
    if output.suffix.lower() != ".onnx":
        raise ValueError(f"the file is {output}, but ONNX is written. Name it {output.with_suffix('.onnx')}.")
    check_file(output, overwrite=overwrite)


def _check_installed() -> None:
    missing = next((name for name in NEEDED if find_spec(name) is None), None)
    if missing:
        raise ValueError(f"{missing} is not installed, but ONNX needs it. Run: pip install 'deblur-lightning[onnx]'")


def _direct(checkpoint: Path) -> DirectDeblurrer:
    """Load a direct network; refuse what estimates motion."""
    from deblur_lightning.deblurring import DirectDeblurrer, load_deblurrer

    deblurrer = load_deblurrer(checkpoint).deblurrer
    if not isinstance(deblurrer, DirectDeblurrer):
        raise ValueError(
            f"{checkpoint} is a {type(deblurrer).__name__}, but only direct networks are written as ONNX. "
            "Pass --checkpoint direct, or one that is."
        )
    return deblurrer
