"""What a file says of its colours beside or instead of a profile, as a PNG says it: by gAMA, cHRM, sRGB and cICP.

HEIC and AVIF say by their nclx what cICP says: the codes of ITU-T H.273 for primaries and transfer.
"""

from __future__ import annotations

import struct
from pathlib import Path

PngColour = tuple[tuple[bytes, bytes], ...]
"""Kinds of chunks and what they hold."""

LENGTHS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4}
USUAL_GAMMA, USUAL_PRIMARIES = (
    1 / 2.2,
    (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06),
)  # of sRGB, as x, y; white first
NEAR = 0.03
"""How far what counts as usual may be off: programs round gamma to 0.45 or 0.46."""

UNSAID, BT709 = 2, 1  # numbers of ITU-T H.273
USUAL_TRANSFERS = (BT709, UNSAID, 4, 6, 13, 14, 15)
"""Of BT.709, BT.470 M (gamma 2.2), BT.601, sRGB and BT.2020: display values as all photos have."""

TRANSFERS = {5: "gamma 2.8", 8: "linear light", 16: "PQ", 18: "HLG"}


def png_colour(path: Path) -> PngColour:
    """Read these chunks of a PNG, each once; those of a wrong length are left out."""
    found: dict[bytes, bytes] = {}
    with path.open("rb") as file:
        file.seek(8)
        while len(header := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", header)
            if kind in (b"IDAT", b"IEND"):
                break
            if LENGTHS.get(kind) == length:
                found.setdefault(kind, file.read(length))
                length = 0
            file.seek(length + 4, 1)
    return tuple(found.items())


def colour_of_codes(primaries: int, transfer: int) -> PngColour:
    """Give the codes of a HEIC or AVIF as a PNG's chunk, of RGB in full range; empty where they say nothing."""
    said = (primaries, transfer) != (UNSAID, UNSAID)
    return ((b"cICP", bytes((primaries, transfer, 0, 1))),) if said else ()


def colour_codes(colour: PngColour) -> tuple[int, int] | None:
    """Give the codes of primaries and transfer, as HEIC and AVIF take them; None where there are none."""
    chunk = dict(colour).get(b"cICP")
    return None if chunk is None else (chunk[0], chunk[1])


def kept_colour(colour: PngColour, format_name: str) -> PngColour:
    """Keep what a format can say: a PNG all, HEIC and AVIF the codes, others nothing."""
    match format_name:
        case "PNG":
            return colour
        case "HEIF" | "AVIF" if codes := colour_codes(colour):
            return colour_of_codes(*codes)
        case _:
            return ()


def odd_transfer(colour: PngColour, icc: bytes | None) -> str | None:
    """Name the relation of values to light where it is not the usual one of photos, such as "gamma of 1".

    Args:
        colour: as `png_colour` reads it.
        icc: colour profile, which stands above gAMA and below cICP, as the format has it.
    """
    chunks = dict(colour)
    if (code := chunks.get(b"cICP")) is not None:
        return None if code[1] in USUAL_TRANSFERS else f"transfer of light ({TRANSFERS.get(code[1], code[1])})"
    if icc or b"sRGB" in chunks or not (gamma := int.from_bytes(chunks.get(b"gAMA", b"")) / 1e5):
        return None
    return None if abs(gamma - USUAL_GAMMA) <= NEAR else f"gamma of {gamma:.3g}"


def odd_primaries(colour: PngColour, icc: bytes | None) -> str | None:
    """Name what colours red, green and blue are where that is not sRGB's; see `odd_transfer`."""
    chunks = dict(colour)
    if (code := chunks.get(b"cICP")) is not None:
        return None if code[0] in (BT709, UNSAID) else "primaries"
    if icc or b"sRGB" in chunks or b"cHRM" not in chunks:
        return None
    found = (number / 1e5 for number in struct.unpack(">8I", chunks[b"cHRM"]))
    usual = all(abs(one - other) <= NEAR for one, other in zip(found, USUAL_PRIMARIES, strict=True))
    return None if usual else "primaries"
