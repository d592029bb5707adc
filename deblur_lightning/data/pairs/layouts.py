"""Finds the blurry and the sharp pictures of a data set, in every layout they come in."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from deblur_lightning.data.frames import is_frame
from deblur_lightning.data.pairs.lists import is_list, pairs_of_list
from deblur_lightning.data.pairs.pairing import (
    BLURRY_FOLDERS,
    SHARP_FOLDERS,
    Half,
    Pair,
    natural,
    pairs_of_folders,
    pairs_side_by_side,
    unique,
)

GoProBlur = Literal["blur", "blur_gamma"]
Split = Literal["train", "test"]

SPLIT_FOLDERS: dict[Split, tuple[str, ...]] = {
    "train": ("train", "training"),
    "test": ("test", "testing", "val", "valid", "validation"),
}
GOPRO_TEST_PAIRS = 1111
GOPRO_PAGE = "https://seungjunnah.github.io/Datasets/gopro"


@dataclass(frozen=True)
class Layout:
    """What `find_pairs` cannot find out by itself.

    Attributes:
        sharp_half: the sharp half, where pictures hold both side by side.
        folders: the blurry and the sharp folder below the root, where they have unusual names; ``{split}`` in them is
            replaced.
    """

    sharp_half: Half | None = None
    folders: tuple[str, str] | None = None


class Found(NamedTuple):
    """The pairs of a split and how they were found; ``split`` is False if the data set makes no splits."""

    pairs: list[Pair]
    layout: str
    split: bool


def find_pairs(
    root: Path,
    split: Split = "train",
    blur: GoProBlur = "blur",
    layout: Layout = Layout(),
) -> Found:
    """Find the pairs of a split, whatever the layout.

    Known are ``train/SEQUENCE/{blur,blur_gamma,sharp}`` (GOPRO_Large), ``train/{blur,sharp}`` or
    ``train/{input,target}``, ``sceneNNN/{blur,gt}`` (RealBlur), ``train/train_{blur,sharp}/NNN`` (REDS),
    ``{input,target}`` without splits (HIDE), lists of ``sharp blurry`` rows (SRN, RealBlur; see `pairs_of_list`), and
    pictures that hold both side by side (DeblurGAN).

    Args:
        root: the data set's folder, or a list file (the other split's list is found beside it by its name).
        split: ``train`` or ``test``; a folder without splits gives all its pairs for either.
        blur: GoPro's mean of frames as recorded, or in linear light.
        layout: what cannot be found out.

    Raises:
        FileNotFoundError: nothing there, or a picture or folder without its counterpart.
        ValueError: a layout that is found needs an argument, or ``root`` is a picture.
    """
    root = Path(root).expanduser()
    if is_frame(root):
        raise ValueError(f"{root} is one picture, but pairs are needed. Pass the folder that holds them, or a list.")
    if root.is_file():
        chosen = _list_of_split(root, split)
        return Found(pairs_of_list(chosen), "list file", _split_of(chosen) is not None)
    if not root.is_dir():
        raise FileNotFoundError(
            f"{root} does not exist, but blurry and sharp pictures are read from there. "
            f"Get GoPro at {GOPRO_PAGE} and pass the folder that holds train and test, or make a small set "
            "with `deblur sample-gopro FOLDER`."
        )
    if layout.folders:
        blurry, sharp = (root / folder.replace("{split}", split) for folder in layout.folders)
        return Found(pairs_of_folders(blurry, sharp), "folder pair", "{split}" in "".join(layout.folders))
    if lists := _lists(root):
        if split not in lists:
            others = _some(path.name for paths in lists.values() for path in paths)
            raise FileNotFoundError(
                f"{root} holds lists ({others}), but none of the {split} split. Copy it there, or pass another root."
            )
        if len(lists[split]) > 1:
            names = _some(path.name for path in lists[split])
            raise ValueError(f"{root} holds {len(lists[split])} lists ({names}). Pass one of them as root.")
        return Found(pairs_of_list(lists[split][0]), "list file", True)
    base, has_splits = _split_folder(root, split)
    return Found(*_pairs_below(base, blur, layout.sharp_half, depth=2), has_splits)


def blur_of(pairs: Iterable[Pair], told: GoProBlur) -> str:
    """Tell which of GoPro's blurs pairs have, by their blurry pictures' folders: a list may name others than asked for.

    Args:
        pairs: GoPro's.
        told: what was asked for, which holds where no folder tells.
    """
    kinds: tuple[GoProBlur, ...] = get_args(GoProBlur)
    found = {next((part for part in reversed(pair.blurry.parts) if part in kinds), told) for pair in pairs}
    return " and ".join(sorted(found))


def blur_to_record(pairs: Sequence[Pair], told: GoProBlur, root: Path) -> str:
    """Tell which of GoPro's blurs pairs have where that needs telling, in a part of GoPro too; else give nothing.

    It does of GoPro's test pairs, and of others that have ``blur_gamma``, or ``blur`` with ``blur_gamma`` beside it.

    Args:
        pairs: of any set.
        told: what was asked for, which holds where no folder tells.
        root: the set's folder or list file; folders above it tell nothing of pairs below.
    """
    if len(pairs) == GOPRO_TEST_PAIRS:
        return blur_of(pairs, told)
    above = root.expanduser().absolute().parent
    files = [pair.blurry.absolute() for pair in pairs]
    tops = [above if file.is_relative_to(above) else Path(file.anchor) for file in files]  # a list's may lie anywhere
    own = [pair._replace(blurry=file.relative_to(top)) for pair, file, top in zip(pairs, files, tops, strict=True)]
    found = blur_of(own, told)
    inner = {(top, parent) for pair, top in zip(own, tops, strict=True) for parent in pair.blurry.parents}
    folders = {top / parent.parent for top, parent in inner if parent.name == "blur"}
    choice = any((folder / "blur_gamma").is_dir() for folder in folders)
    return found if choice or found != "blur" else ""


def _pairs_below(base: Path, blur: GoProBlur, sharp_half: Half | None, depth: int) -> tuple[list[Pair], str]:
    """Find the pairs in a folder, which holds a split or the whole set."""
    blurry, sharp = _role_folder(base, _blurry_names(blur)), _role_folder(base, SHARP_FOLDERS)
    if blurry and sharp:
        return pairs_of_folders(blurry, sharp), f"{blurry.name} and {sharp.name} folders"
    inner = [folder for folder in _folders(base) if _role_folder(folder, (*SHARP_FOLDERS, *BLURRY_FOLDERS, blur))]
    if blurry or sharp:
        _raise_half(base, blurry, blur)
    if inner:
        pairs: list[Pair] = []
        for folder in inner:
            blurry, sharp = _role_folder(folder, _blurry_names(blur)), _role_folder(folder, SHARP_FOLDERS)
            if not (blurry and sharp):
                _raise_half(folder, blurry, blur)
            else:
                pairs += pairs_of_folders(blurry, sharp, folder.name)
        return unique(pairs, base), "sequences"
    if any(is_frame(path) for path in base.iterdir()):
        if sharp_half is None:
            raise ValueError(
                f"{base} holds single pictures, but pairs are needed. If each holds blurry and sharp side by side, "
                "pass layout.sharp_half=left or layout.sharp_half=right."
            )
        return pairs_side_by_side(base, sharp_half), f"side by side, {sharp_half} half sharp"
    folders = _folders(base)
    if len(folders) == 1 and depth:
        return _pairs_below(folders[0], blur, sharp_half, depth - 1)
    raise FileNotFoundError(
        f"{base} holds no pairs: looked for SEQUENCE/{blur} with SEQUENCE/sharp, {blur} with sharp, input with target, "
        f"blur with gt, lists and pictures side by side; found {_some(path.name for path in folders) or 'no folders'}. "
        f"Pass the folder that holds them, or layout.folders=[blurry, sharp]; GoPro is at {GOPRO_PAGE}."
    )


def _raise_half(base: Path, blurry: Path | None, blur: str) -> None:
    """Say which folder of a pair is missing."""
    if blurry:
        raise FileNotFoundError(
            f"{base} has {blurry.name} but no sharp pictures ({', '.join(SHARP_FOLDERS)}). Copy them, or remove it."
        )
    other = "blur" if blur == "blur_gamma" else "blur_gamma"
    remedy = f"Pass blur={other}." if (base / other).is_dir() else "Copy them, or remove it."
    raise FileNotFoundError(f"{base} has sharp pictures but no {blur} folder. {remedy}")


def _split_folder(root: Path, split: Split) -> tuple[Path, bool]:
    """Return the folder of a split, and whether there are splits."""
    present = {folder.name.lower(): folder for folder in _folders(root)}
    for name in SPLIT_FOLDERS[split]:
        if name in present:
            return present[name], True
    others = [name for names in SPLIT_FOLDERS.values() for name in names if name in present]
    if others:
        raise FileNotFoundError(
            f"{root} has {_some(others)} but no {SPLIT_FOLDERS[split][0]} folder. "
            f"Copy it there, or pass {present[others[0]]} as root to use it alone."
        )
    folders = list(present.values())
    if len(folders) == 1 and any(name.name.lower() in sum(SPLIT_FOLDERS.values(), ()) for name in _folders(folders[0])):
        return _split_folder(folders[0], split)  # an archive unpacked into a folder of its own name
    return root, False


def _blurry_names(blur: GoProBlur) -> tuple[str, ...]:
    return ("blur_gamma",) if blur == "blur_gamma" else BLURRY_FOLDERS


def _role_folder(base: Path, names: Sequence[str]) -> Path | None:
    """Find a folder by its role; REDS writes the split before it."""
    present = {re.sub(r"^(train|val|test)_", "", folder.name.lower()): folder for folder in _folders(base)}
    return next((present[name] for name in names if name in present), None)


def _folders(base: Path) -> list[Path]:
    return sorted((path for path in base.iterdir() if path.is_dir() and not path.name.startswith(".")), key=natural)


def _lists(root: Path) -> dict[Split, list[Path]]:
    """Find the lists of each split in a folder."""
    found: dict[Split, list[Path]] = {}
    for path in sorted(root.iterdir()):
        split = _split_of(path)
        if split and path.is_file() and is_list(path):
            found.setdefault(split, []).append(path)
    return found


def _split_of(path: Path) -> Split | None:
    """Tell which split a list's name stands for."""
    words = re.split(r"[\W_\d]+", path.stem.lower())
    return next((split for split, names in SPLIT_FOLDERS.items() if not set(names).isdisjoint(words)), None)


def _list_of_split(path: Path, split: Split) -> Path:
    """Return the list of the split asked for, beside the one given; that one, if its name tells no split."""
    if _split_of(path) in (split, None):
        return path
    beside = [other for other in _lists(path.parent).get(split, ()) if _but_split(other) == _but_split(path)]
    if not beside:
        raise FileNotFoundError(
            f"{path.parent} holds no list of the {split} split that is named as {path.name}. Copy it there."
        )
    return beside[0]


def _but_split(path: Path) -> str:
    """Remove the words for splits from a name."""
    words = "|".join(sorted(sum(SPLIT_FOLDERS.values(), ()), key=len, reverse=True))
    return re.sub(rf"(?<![a-z])(?:{words})(?![a-z])", "", path.name.lower())


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
