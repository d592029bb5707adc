"""`deblur check-data`: tell what a folder of pictures is to the datamodules, before anything is trained or scored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer


def check_data(
    folder: Annotated[list[Path], typer.Argument(metavar="FOLDER", help="Folders that data sets were unpacked to.")],
) -> None:
    """Tell what a folder of pictures is and what reads it.

    Known are GoPro and other pairs, Köhler, ADE20K, COCO, and folders of photos.
    """
    for one in folder:
        typer.echo("\n".join(describe(one)))


def describe(root: Path) -> list[str]:
    """Say what is found in a folder and which class reads it.

    Only names are looked at: what a file holds is checked when it is trained or scored on.

    Args:
        root: the folder, or a list file of pairs.

    Returns:
        Sentences; of a folder that is no known data set, how many photos it holds and why they make no pairs.

    Raises:
        FileNotFoundError: no such folder, or no picture in it.
        ValueError: a data set that is known, but damaged.
    """
    from deblur_lightning.data.scenes.photo_files import photo_paths

    root = root.expanduser()
    if not root.exists():
        raise FileNotFoundError(f"{root} does not exist. Pass the folder that a data set was unpacked to.")
    for kind in (_kohler, _ade20k, _coco):
        try:
            return [kind(root)]
        except FileNotFoundError:
            continue
    found, reason = _pairs(root)
    if found:
        return found
    count = len(photo_paths(root))
    return [
        f"{root}: {count} photos. PhotoFolder trains on them, `deblur restore` restores them.",
        f"No pairs: {reason}",
    ]


def _kohler(root: Path) -> str:
    from deblur_lightning.data import find_kohler

    folder = find_kohler(root)
    frames = sum(map(len, folder.frames.values()))
    return (
        f"{root}: {len(folder.blurry)} of Köhler's 48 blurry shots, and {frames} sharp frames of "
        f"{len(folder.frames)} of them. KohlerDataModule reads it."
    )


def _ade20k(root: Path) -> str:
    from deblur_lightning.data.scenes.ade20k import ade20k_photos

    training, validation = (len(ade20k_photos(root, part)) for part in ("training", "validation"))
    return f"{root}: {training} training and {validation} validation photos of ADE20K with segments. ADE20K reads it."


def _coco(root: Path) -> str:
    from deblur_lightning.data.scenes.coco import coco_photos

    training = len(coco_photos(root, "train"))
    validation = len(coco_photos(root, "val")) if any(root.glob("val20*/")) else 0
    return f"{root}: {training} training and {validation} validation photos of COCO with instances. COCO reads it."


def _pairs(root: Path) -> tuple[list[str], str]:
    """Describe the pairs of each blur, or tell why there are none."""
    from deblur_lightning.data import find_pairs
    from deblur_lightning.data.pairs.layouts import GoProBlur, Split

    said, reasons, seen = [], [], set()
    for blur in get_args(GoProBlur):
        parts = []
        for split in get_args(Split):
            try:
                found = find_pairs(root, split, blur)
            except (FileNotFoundError, ValueError) as error:
                reasons.append(str(error))
                continue
            if found.pairs[0] not in seen:
                seen.add(found.pairs[0])
                parts.append(f"{len(found.pairs)} {split if found.split else ''} pairs".replace("  ", " "))
        if parts:
            said.append(f"{root}: {' and '.join(parts)} ({found.layout}). GoProDataModule reads it with blur={blur}.")
    return said, next(iter(reasons), "")
