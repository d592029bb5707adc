"""Proves pairs before training: both pictures there, whole, and of one size."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deblur_lightning.data.frames import CorruptFrameError, frame_size, prove_frame
from deblur_lightning.data.pairs.pairing import Pair

Check = Literal["auto", "headers", "full"]

SMALL_SET = 256 * 2**20
"""Bytes of files up to which ``auto`` decodes everything: seconds, not minutes."""


@dataclass(frozen=True)
class Files:
    """How the pictures' files are read.

    Attributes:
        check: ``headers`` reads sizes and follows PNG chunks to their end (milliseconds per hundred files); ``full``
            decodes every picture and compares checksums; ``auto`` is full for sets of up to 256 MB, else headers.
        skip_corrupt: leave out damaged ones with a warning that counts them, instead of stopping.
        cache: folder for decoded training frames, memory-mapped: GoPro's take 11.6 GB there and make a crop cheap.
    """

    check: Check = "auto"
    skip_corrupt: bool = False
    cache: Path | None = None

    def decodes(self, paths: Iterable[Path]) -> bool:
        """Tell whether a set of pictures is checked by decoding it."""
        return self.check == "full" or (
            self.check == "auto" and sum(path.stat().st_size for path in paths) <= SMALL_SET
        )


def sound_pairs(pairs: Sequence[Pair], files: Files, crop_size: int | None = None) -> tuple[list[Pair], list[str]]:
    """Check every pair, and name what is wrong before an hour of training finds it.

    Args:
        pairs: what belongs together.
        files: how they are checked.
        crop_size: side that crops must fit into, in pixels.

    Returns:
        The sound pairs, and what is wrong with those left out.

    Raises:
        ValueError: damaged files, the pictures of a pair differ in size, or a picture is smaller than a crop.
    """
    decode = files.decodes(file for pair in pairs for file in pair.files())

    def fault(pair: Pair) -> str | None:
        try:
            check_pair(pair, decode=decode, crop_size=crop_size)
        except CorruptFrameError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(4) as pool:  # decoding releases the interpreter's lock
        faults = list(pool.map(fault, pairs))
    found = [text for text in faults if text]
    sound = [pair for pair, text in zip(pairs, faults, strict=True) if text is None]
    if found and not files.skip_corrupt:
        raise ValueError(found[0] + (f" {len(found) - 1} more are damaged." if len(found) > 1 else ""))
    if pairs and not sound:
        raise ValueError(f"{found[0]} All {len(found)} pairs are damaged.")
    return sound, found


def check_pair(pair: Pair, *, decode: bool, crop_size: int | None = None) -> None:
    """Raise where a picture of a pair is damaged, or where they do not fit.

    Args:
        pair: what belongs together.
        decode: decode the pictures, or measure them by their headers alone.
        crop_size: side that crops must fit into, in pixels.

    Raises:
        CorruptFrameError: a damaged file.
        ValueError: the pictures differ in size, or one is smaller than a crop.
    """
    _check_sizes(pair, [(prove_frame if decode else frame_size)(file) for file in pair.files()], crop_size)


def _check_sizes(pair: Pair, sizes: Sequence[tuple[int, int]], crop_size: int | None) -> None:
    width, height = sizes[0]
    if pair.sharp_half:
        if width % 2:
            raise ValueError(f"{pair.blurry} is {width} pixels wide, but two halves need an even width. Cut it anew.")
        width //= 2
    elif any(size != sizes[0] for size in sizes):
        (other_width, other_height) = sizes[1]
        raise ValueError(
            f"{pair.blurry} is {width} x {height}, but {pair.sharp} is {other_width} x {other_height}. "
            "Pair pictures of one size."
        )
    if crop_size is not None and not min(width, height) >= crop_size:
        raise ValueError(
            f"{pair.blurry} is {width} x {height}, but crop_size is {crop_size}. "
            f"Pass crop_size={min(width, height)} or less."
        )
