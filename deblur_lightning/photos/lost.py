"""What people wrote into a photo's file, as photo programs store it, and that its restored version does not keep."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

WRITTEN = {
    "rating": rb"""xmp:Rating(?:\s*=\s*["']|>)\s*(?!0\s*["'<])-?\d""",
    "label": rb"""xmp:Label(?:\s*=\s*["']|>)\s*[^"'<\s]""",
    "title": rb"<dc:title>.*?<rdf:li[^>]*>\s*[^<\s]",
    "description": rb"<dc:description>.*?<rdf:li[^>]*>\s*[^<\s]",
    "keywords": rb"<dc:subject>.*?<rdf:li[^>]*>\s*[^<\s]",
}
"""How each looks in XMP; a rating of 0 is none."""

IPTC = {"title": b"\x1c\x02\x05", "description": b"\x1c\x02\x78", "keywords": b"\x1c\x02\x19"}
"""How their entries begin in IPTC, within the block of Photoshop's that holds it."""

LONGEST = 2**20
"""Bytes of a packet that are looked through."""


def lost_notes(path: Path) -> tuple[str, ...]:
    """Say which ratings, titles, descriptions and keywords a restored photo loses.

    They are XMP and IPTC, which every format that is read stores as plain bytes. Both also hold what would be wrong
    of a restored photo, such as how it was cropped, so they are not copied.

    Args:
        path: the photo.

    Returns:
        One sentence's end, or none.
    """
    found: dict[str, None] = {}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if (start := content.find(b"<x:xmpmeta")) >= 0:
            end = content.find(b"</x:xmpmeta", start, start + LONGEST)
            packet = content[start : end if end >= 0 else start + LONGEST]
            found |= dict.fromkeys(name for name, looks in WRITTEN.items() if re.search(looks, packet, re.DOTALL))
        if (start := content.find(b"8BIM\x04\x04")) >= 0:
            block = content[start : start + 12 + int.from_bytes(content[start + 8 : start + 12])]
            found |= dict.fromkeys(name for name, begins in IPTC.items() if begins in block)
    names = [name for name in WRITTEN if name in found]
    if not names:
        return ()
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return (f"its {listed} (XMP or IPTC) {'are' if len(names) > 1 or names == ['keywords'] else 'is'} not kept",)
