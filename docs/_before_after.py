"""Draws the first page's picture from the sample benchmark: blurry, its motion, restored, sharp (make before-after)."""

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from deblur_lightning.data import SampleBlur
from deblur_lightning.deblurring import load_deblurrer
from deblur_lightning.field import KernelField
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.reports import draw_field
from deblur_lightning.restoration import richardson_lucy
from deblur_lightning.whole_file import whole_file

CAPTION = 22  # pixels above each picture
GAP = 6


def main() -> None:
    """Draw the picture with a model, or with the true motion."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="a model (default: the bundled one)")
    parser.add_argument("--true-field", action="store_true", help="restore by the true motion instead of a model's")
    parser.add_argument("--picture", default="turning/astronaut-1", help="of the benchmark (%(default)s)")
    parser.add_argument("--kernel-size", type=int, default=33, help="of the benchmark (33)")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/pictures/before_after.jpg"))
    arguments = parser.parse_args()

    benchmark = SampleBlur(kernel_size=arguments.kernel_size)
    number = [entry.name for entry in benchmark.entries].index(arguments.picture)
    sample = benchmark[number]
    blurry, sharp = sample["blurry"][None], sample["sharp"][None]
    if arguments.true_field:
        field = KernelField(*(part[None] for part in sample["field"]))
        motion, restored = "its true motion", richardson_lucy(blurry, field)
    else:
        motion, (restored, field, _) = "its motion, estimated", load_deblurrer(arguments.checkpoint)(blurry)
    before, after = (picture_psnr(picture, sharp).item() for picture in (blurry, restored))
    panels = {
        f"blurry, {before:.1f} dB": _pixels(blurry),
        motion: _drawn(blurry, field),
        f"restored, {after:.1f} dB": _pixels(restored),
        "sharp": _pixels(sharp),
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(arguments.output) as part:
        _row(panels).save(part, format="JPEG", quality=88)
    print(f"{arguments.output}: {arguments.output.stat().st_size // 1024} KB, {before:.2f} -> {after:.2f} dB")  # noqa: T201


def _pixels(picture: Tensor) -> Image.Image:
    return Image.fromarray((picture[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8))


def _drawn(blurry: Tensor, field: KernelField) -> Image.Image:
    """Draw the field over the photo, pixel for pixel."""
    height, width = blurry.shape[-2:]
    figure = draw_field(blurry, field, kernels=8)
    figure.supxlabel("")
    figure.set_layout_engine("none")
    figure.set_size_inches(width / 100, height / 100)
    figure.axes[0].set_position((0, 0, 1, 1))
    file = BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return Image.open(file).convert("RGB")


def _row(panels: dict[str, Image.Image]) -> Image.Image:
    width, height = next(iter(panels.values())).size
    row = Image.new("RGB", (len(panels) * (width + GAP) - GAP, height + CAPTION), "white")
    draw = ImageDraw.Draw(row)
    for place, (caption, panel) in enumerate(panels.items()):
        left = place * (width + GAP)
        draw.text((left + 2, 2), caption, "black", ImageFont.load_default(14))
        row.paste(panel, (left, CAPTION))
    return row


if __name__ == "__main__":
    main()
