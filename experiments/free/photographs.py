"""Make a folder of freely licensed pictures to train on, from Debian's and Ubuntu's packages of desktop backgrounds.

    apt-get download gnome-backgrounds … && for package in *.deb; do dpkg-deb -x $package unpacked/$package; done
    python experiments/free/photographs.py unpacked data/free

Backgrounds are reduced to 1,600 pixels; those without detail and those alike are left out. Montages put Tux Paint's
stamps, cut-out photographs and drawings, on them, for backgrounds show few things. README.md beside this file has the
packages' names. Newer backgrounds come as JPEG XL: pip install pillow-jxl-plugin.
"""

import argparse
import importlib
import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LONGEST = 1600  # pixels: further reduced, as training does besides, a background still holds many windows
SMALLEST = 900  # pixels: the shorter side of a background
DETAILED = 0.3  # share of a picture's blocks that must show something
BLOCK, SHOWS = 16, 4.0  # pixels; grey values of deviation
ALIKE = 0.12  # mean difference of two thumbnails in deviations: less is the same picture
PHOTOGRAPHS, STAMPED = {".jpg", ".jpeg", ".jxl", ".webp"}, {".png"}  # what backgrounds and stamps come as
SIZES = {"images", "images_dark"}  # folders of Plasma's packages, of one background in many sizes
MONTAGE = (960, 720)
STAMPS = (8, 14)  # on a montage, from to
STAMP_SIDES = (120, 420)  # pixels


def main() -> None:
    """Choose backgrounds, make montages, write both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("unpacked", type=Path, help="folder of the unpacked packages")
    parser.add_argument("output", type=Path, help="new folder for the pictures")
    parser.add_argument("--montages", type=int, default=500)
    options = parser.parse_args()
    if not options.unpacked.is_dir():
        parser.error(f"{options.unpacked} is no folder. Unpack the packages there first.")
    if options.output.exists():
        parser.error(f"{options.output} is there already. Name a new folder.")
    files = sorted(path for path in options.unpacked.rglob("*") if path.is_file() and not path.is_symlink())
    stamps = [path for path in files if "stamps" in path.parts and path.suffix.lower() in STAMPED]
    paths = [path for path in files if "stamps" not in path.parts and path.suffix.lower() in PHOTOGRAPHS]
    if any(path.suffix.lower() == ".jxl" for path in paths):
        if importlib.util.find_spec("pillow_jxl") is None:
            parser.error(f"{options.unpacked} holds JPEG XL, which cannot be read. Run pip install pillow-jxl-plugin.")
        importlib.import_module("pillow_jxl")  # teaches Pillow to read it
    backgrounds = chosen(paths)
    if not backgrounds or not stamps:
        parser.error(f"{options.unpacked} holds {len(backgrounds)} backgrounds and {len(stamps)} stamps. Unpack both.")
    options.output.mkdir(parents=True)
    for number, picture in enumerate(backgrounds):
        picture.save(options.output / f"background{number:03}.jpg", quality=95)
    for number in range(options.montages):
        picture = montage(backgrounds, stamps, np.random.default_rng(number))
        picture.save(options.output / f"montage{number:03}.jpg", quality=95)
    print(f"{len(backgrounds)} backgrounds, {options.montages} montages: {options.output}")


def chosen(paths: list[Path]) -> list[Image.Image]:
    """Read the backgrounds that are large enough, show something, and differ from those before, the largest first."""
    sizes = {path: size_of(path) for path in paths}
    large = [path for path, size in sizes.items() if min(size) >= SMALLEST]
    large.sort(key=lambda path: -sizes[path][0] * sizes[path][1])
    largest = {(path.parent if path.parent.name in SIZES else path): path for path in reversed(large)}
    kept, thumbnails = list[Image.Image](), list[NDArray[np.float64]]()
    for path in reversed(largest.values()):
        with Image.open(path) as found:
            found.draft("RGB", (LONGEST, LONGEST))  # a large JPEG is read no finer than needed
            picture = found.convert("RGB")
        picture.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
        thumbnail = np.asarray(picture.resize((16, 9), Image.Resampling.BOX), float)
        thumbnail = (thumbnail - thumbnail.mean()) / (thumbnail.std() + 1e-6)
        if detail(picture) < DETAILED or any(np.abs(thumbnail - other).mean() < ALIKE for other in thumbnails):
            continue
        kept.append(picture)
        thumbnails.append(thumbnail)
    return kept


def size_of(path: Path) -> tuple[int, int]:
    """Read a picture's width and height."""
    with Image.open(path) as picture:
        return picture.size


def detail(picture: Image.Image) -> float:
    """Tell what share of a picture's blocks shows something."""
    grey = np.asarray(picture.convert("L"), float)
    rows, columns = (side // BLOCK for side in grey.shape)
    blocks = grey[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return float((blocks.std(axis=(1, 3)) > SHOWS).mean())


def montage(backgrounds: list[Image.Image], stamps: list[Path], random: np.random.Generator) -> Image.Image:
    """Put stamps, turned and sized at random, on a window of a background."""
    ground = backgrounds[random.integers(len(backgrounds))]
    scale = max(MONTAGE[0] / ground.width, MONTAGE[1] / ground.height)
    if scale > 1:
        ground = ground.resize((round(ground.width * scale), round(ground.height * scale)))
    left, top = (int(random.integers(side - part + 1)) for side, part in zip(ground.size, MONTAGE, strict=True))
    made = ground.crop((left, top, left + MONTAGE[0], top + MONTAGE[1]))
    for _ in range(random.integers(*STAMPS)):
        stamp = Image.open(stamps[random.integers(len(stamps))]).convert("RGBA")
        side = int(random.integers(*STAMP_SIDES))
        stamp.thumbnail((side, side), Image.Resampling.LANCZOS)
        stamp = stamp.rotate(float(random.uniform(-30, 30)), Image.Resampling.BICUBIC, expand=True)
        left, top = (int(random.integers(-own // 4, side)) for own, side in zip(stamp.size, MONTAGE, strict=True))
        made.paste(stamp, (left, top), stamp)
    return made


if __name__ == "__main__":
    main()
