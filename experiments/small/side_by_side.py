"""Score the shipped model on pictures beside their sharp twins: python experiments/small/side_by_side.py FOLDER.

FOLDER holds ``*.jpg`` of 512 x 256 pixels, sharp left, blurry right, as leftthomas/ImageDeblurring has them:
photographs blurred by a program, in display values and with nothing beyond their borders. Each is restored as shipped
and, for comparison, taken for a photo like others; the inside leaves 24 pixels of border out.
"""

import argparse
from pathlib import Path

import numpy as np

from deblur_lightning.commands.benchmark.scoring import sharpened
from deblur_lightning.deblurring import CameraExposure, load_deblurrer
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.photos import read_photo

BORDER, LIMIT = 24, -0.3
INSIDE = (..., slice(BORDER, -BORDER), slice(BORDER, -BORDER))


def main(folder: Path, every: int) -> None:
    """Print a table: PSNR, the mean and least gain over the blurry picture, and how many lose more than the limit."""
    shipped, unnoticing = (load_deblurrer() for _ in range(2))
    unnoticing.deblurrer.exposure = CameraExposure()
    pictures = sorted(folder.glob("*.jpg"))[::every]
    if not pictures:
        raise FileNotFoundError(f"{folder} holds no *.jpg. Pass the folder of the side-by-side pictures.")
    scores, noticed = {}, 0
    for picture in pictures:
        sharp, blurry = read_photo(picture)[0].chunk(2, dim=-1)
        noticed += any(shipped.exposure_of(blurry).dark)
        results = {
            "blurry": blurry,
            "unsharp masking (scikit-image)": sharpened(blurry),
            "Adaptive (small, shipped)": shipped(blurry).picture,
            "the same, borders not looked at": unnoticing(blurry).picture,
        }
        for name, restored in results.items():
            rounded = (restored * 255).round() / 255
            whole, inside = (picture_psnr(rounded[part], sharp[part]).item() for part in (..., INSIDE))
            scores.setdefault(name, []).append((whole, inside))
    before = np.array(scores["blurry"])
    print("| Method | PSNR (dB) | least gain | below -0.3 dB | PSNR inside | least gain inside |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, values in scores.items():
        gains = np.array(values) - before
        (whole, inside), least = np.mean(values, axis=0), gains.min(axis=0)
        lost = (gains[:, 0] < LIMIT).sum()
        print(f"| {name} | {whole:.2f} | {least[0]:.2f} | {lost} | {inside:.2f} | {least[1]:.2f} |")
    print(f"\n{len(pictures)} pictures, {noticed} taken for blurred with nothing beyond their borders")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of the pictures")
    parser.add_argument("--every", type=int, default=1, help="take every so many pictures (1)")
    arguments = parser.parse_args()
    try:
        main(arguments.folder, arguments.every)
    except (ValueError, OSError) as error:
        parser.error(str(error))
