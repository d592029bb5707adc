"""What people wrote into a photo's file with photo programs (XMP, IPTC): it stays, as XMP of its own."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

SPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
}
"""XML's names of XMP's vocabularies."""

KEPT = {
    "dc": ("title", "description", "subject", "creator", "rights"),
    "xmp": ("Rating", "Label"),
    "xmpRights": ("Marked", "Owner", "UsageTerms", "WebStatement"),
    "photoshop": ("Headline", "City", "State", "Country", "Credit", "Source", "Instructions", "AuthorsPosition"),
    "lr": ("hierarchicalSubject", "weightedFlatSubject"),
    "Iptc4xmpCore": ("Location", "CountryCode", "CreatorContactInfo", "AltTextAccessibility", "ExtDescrAccessibility"),
}
"""What of them is kept: it stays right whatever happens to the pixels. How a photo was cropped would not."""

IPTC = {
    5: "dc:title",
    25: "dc:subject",
    80: "dc:creator",
    90: "photoshop:City",
    95: "photoshop:State",
    101: "photoshop:Country",
    105: "photoshop:Headline",
    110: "photoshop:Credit",
    115: "photoshop:Source",
    116: "dc:rights",
    120: "dc:description",
}
"""What IPTC's data sets of record 2 are called in XMP (IPTC Photo Metadata Mapping Guidelines)."""

LISTS = {"dc:title": "Alt", "dc:description": "Alt", "dc:rights": "Alt", "dc:subject": "Bag", "dc:creator": "Seq"}
"""How XMP stores them; others are texts."""

SAID = {
    "rating": rb"""xmp:Rating(?:\s*=\s*["']|>)\s*(?!0\s*["'<])-?\d""",
    "label": rb"""xmp:Label(?:\s*=\s*["']|>)\s*[^"'<\s]""",
    "title": rb"<dc:title>.*?<rdf:li[^>]*>\s*[^<\s]",
    "description": rb"<dc:description>.*?<rdf:li[^>]*>\s*[^<\s]",
    "keywords": rb"<dc:subject>.*?<rdf:li[^>]*>\s*[^<\s]",
}
"""What people are told of, and how it looks in a packet; a rating of 0 is none."""

LONGEST = 2**20
"""Bytes of a packet that are looked through."""

LARGEST = 65_000
"""Bytes of a packet that is written: a JPEG holds little more in one piece."""


def kept_xmp(path: Path) -> tuple[bytes | None, tuple[str, ...]]:
    """Collect what people wrote of a photo: title, description, keywords, rating, label, authors, rights and place.

    XMP and IPTC, which every format that is read stores as plain bytes, also hold what would be wrong of a restored
    photo, such as how it was cropped. So a packet is made anew; where XMP and IPTC differ, XMP is right.

    Args:
        path: the photo.

    Returns:
        XMP, None where there is nothing to keep; and what could not be kept, for people.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        packet, block = _packet(content), _iptc(content)
    notes: tuple[str, ...] = ()
    try:
        found = _of_packet(packet)
    except ElementTree.ParseError:
        found = {}
        notes = lost(packet, "cannot be read")
    found = _of_iptc(block) | found
    made = _written(found) if found else None
    if made is not None and len(made) > LARGEST:
        return None, (*notes, *lost(made, f"takes more than {LARGEST:,} bytes"))
    return made, notes


def lost(packet: bytes, why: str) -> tuple[str, ...]:
    """Say which ratings, titles, descriptions and keywords a restored photo loses; nothing where there are none.

    Args:
        packet: XMP.
        why: the end of a sentence that tells what is wrong with it.
    """
    names = [name for name, looks in SAID.items() if re.search(looks, packet, re.DOTALL)]
    if not names:
        return ()
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return (f"its {listed} {'are' if len(names) > 1 or names == ['keywords'] else 'is'} not kept, for its XMP {why}",)


def _packet(content: mmap.mmap) -> bytes:
    """Cut out the first packet, the photo's; it may break off."""
    if (start := content.find(b"<x:xmpmeta")) < 0:
        return b""
    end = content.find(ending := b"</x:xmpmeta>", start, start + LONGEST)
    return content[start : end + len(ending) if end >= 0 else start + LONGEST]


def _iptc(content: mmap.mmap) -> bytes:
    """Cut out IPTC's data sets, within the block of Photoshop's that holds them."""
    if (start := content.find(b"8BIM\x04\x04")) < 0:
        return b""
    return content[start + 12 : start + 12 + int.from_bytes(content[start + 8 : start + 12])]


def _of_packet(packet: bytes) -> dict[str, ElementTree.Element]:
    """Give what is kept of a packet, by name."""
    found: dict[str, ElementTree.Element] = {}
    if not packet:
        return found
    names = {f"{{{SPACES[space]}}}{name}": f"{space}:{name}" for space, all_ in KEPT.items() for name in all_}
    meta = ElementTree.fromstring(packet)  # noqa: S314 - one element cannot define words that stand for gigabytes
    for described in meta.iter(f"{{{SPACES['rdf']}}}Description"):
        for name, text in described.attrib.items():
            if name in names:
                found.setdefault(names[name], _element(names[name], text))
        for child in described:
            if child.tag in names:
                found.setdefault(names[child.tag], child)
    return found


def _of_iptc(block: bytes) -> dict[str, ElementTree.Element]:
    """Give what is kept of IPTC's data sets, by its name in XMP."""
    texts: dict[str, list[str]] = {}
    for record, number, value in _data_sets(block):
        if record == 2 and number in IPTC and (text := _decoded(value).strip("\0 ")):
            texts.setdefault(IPTC[number], []).append(text)
    return {name: _list(name, found) if name in LISTS else _element(name, found[0]) for name, found in texts.items()}


def _data_sets(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Go through IPTC's data sets: record, number, value; up to what is none."""
    at = 0
    while block[at : at + 1] == b"\x1c" and at + 5 <= len(block):
        end = at + 5 + int.from_bytes(block[at + 3 : at + 5])
        yield block[at + 1], block[at + 2], block[at + 5 : end]
        at = end


def _decoded(value: bytes) -> str:
    """Read a text: most programs write UTF-8, and not all of them say so; what is none is older."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _element(name: str, text: str = "") -> ElementTree.Element:
    space, _, local = name.partition(":")
    element = ElementTree.Element(f"{{{SPACES[space]}}}{local}")
    element.text = text
    return element


def _list(name: str, texts: Iterable[str]) -> ElementTree.Element:
    element, inner = _element(name), _element(f"rdf:{LISTS[name]}")
    element.append(inner)
    for text in texts:
        inner.append(one := _element("rdf:li", text))
        if LISTS[name] == "Alt":
            one.set("{http://www.w3.org/XML/1998/namespace}lang", "x-default")
    return element


def _written(found: dict[str, ElementTree.Element]) -> bytes:
    for space, name in SPACES.items():
        ElementTree.register_namespace(space, name)
    meta, rdf, described = (_element(name) for name in ("x:xmpmeta", "rdf:RDF", "rdf:Description"))
    described.set(f"{{{SPACES['rdf']}}}about", "")
    described.extend(found.values())
    rdf.append(described)
    meta.append(rdf)
    begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode()
    return begin + ElementTree.tostring(meta, encoding="utf-8", xml_declaration=False) + b'<?xpacket end="w"?>'
