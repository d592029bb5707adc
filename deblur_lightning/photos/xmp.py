"""What people wrote into a photo's file with photo programs (XMP, IPTC): it stays, as XMP of its own."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from deblur_lightning.photos.texts import decoded

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
    "xmp:Rating": "rating",
    "xmp:Label": "label",
    "dc:title": "title",
    "photoshop:Headline": "headline",
    "dc:description": "description",
    "dc:subject": "keywords",
    "lr:hierarchicalSubject": "keywords",
    "dc:creator": "authors",
    "dc:rights": "rights",
    "photoshop:City": "place",
    "photoshop:State": "place",
    "photoshop:Country": "place",
    "Iptc4xmpCore:Location": "place",
}
"""What people are told of where it cannot be kept."""

PACKET = re.compile(rb"<(?:(\w+):)?x[am]pmeta[\s>]|<(\w+:)?RDF[\s>]")
"""What a packet begins with: Adobe's root, or RDF alone."""

UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML does not have."""

LONGEST = 2**20
"""Bytes of a packet that are looked through."""

LARGEST = 65_000
"""Bytes of a packet that is written: a JPEG holds little more in one piece."""


def kept_xmp(path: Path) -> tuple[bytes | None, tuple[str, ...]]:
    """Collect what people wrote of a photo: title, description, keywords, rating, label, authors, rights and place.

    XMP and IPTC also hold what would be wrong of a restored photo, such as how it was cropped. So a packet is made
    anew; where XMP and IPTC differ, XMP is right. They are looked for as plain bytes, which is how nearly every program
    stores them in any format: not compressed, as a PNG may hold XMP, not in UTF-16, and IPTC in Photoshop's block.

    Args:
        path: the photo.

    Returns:
        XMP, None where there is nothing to keep; and what could not be kept, for people.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        packet, block = _packet(content), _iptc(content)
    notes: tuple[str, ...] = ()
    told = _of_iptc(block)
    try:
        made = _written(told | _of_packet(packet))
    except (ElementTree.ParseError, RecursionError):  # the latter where elements are nested without end
        made, notes = _written(told), ("its XMP cannot be read and is not kept",)
    if made is not None and len(made) > LARGEST:
        return None, (*notes, *lost(made, f"takes more than {LARGEST:,} bytes"))
    return made, notes


def lost(packet: bytes, why: str) -> tuple[str, ...]:
    """Say what a restored photo loses of what people wrote; a rating of 0 is none.

    Args:
        packet: XMP, as `kept_xmp` makes it.
        why: the end of a sentence that tells what is wrong with it.
    """
    found = _of_packet(packet)
    if (rating := found.get("xmp:Rating")) is not None and (rating.text or "").strip() == "0":
        del found["xmp:Rating"]
    names = list(dict.fromkeys(said for name, said in SAID.items() if name in found))
    if not names:
        return ()
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    several = len(names) > 1 or names[0] in ("keywords", "authors", "rights")
    return (f"its {listed} {'are' if several else 'is'} not kept, for its XMP {why}",)


def _packet(content: mmap.mmap) -> bytes:
    """Cut out the first packet, the photo's; it may break off."""
    if (begins := PACKET.search(content)) is None:
        return b""
    start, root = begins.start(), begins[0][1:-1]
    end = content.find(ending := b"</" + root + b">", start, start + LONGEST)
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
    rdf = f"{{{SPACES['rdf']}}}"
    own = [described for part in meta.iter(f"{rdf}RDF") for described in part.findall(f"{rdf}Description")]
    for described in own:  # others, within them, are of pictures that the photo was made of
        for name, text in described.attrib.items():
            if name in names and text.strip():
                found.setdefault(names[name], _element(names[name], text))
        for child in described:
            if child.tag in names and (child.attrib or "".join(child.itertext()).strip()):
                found.setdefault(names[child.tag], child)
    return found


def _of_iptc(block: bytes) -> dict[str, ElementTree.Element]:
    """Give what is kept of IPTC's data sets, by its name in XMP."""
    texts: dict[str, list[str]] = {}
    for record, number, value in _data_sets(block):
        if record == 2 and number in IPTC and (text := UNWRITABLE.sub(" ", decoded(value)).strip()):
            texts.setdefault(IPTC[number], []).append(text)
    return {name: _list(name, found) if name in LISTS else _element(name, found[0]) for name, found in texts.items()}


def _data_sets(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Go through IPTC's data sets: record, number, value; up to what is none."""
    at = 0
    while block[at : at + 1] == b"\x1c" and at + 5 <= len(block):
        end = at + 5 + int.from_bytes(block[at + 3 : at + 5])
        yield block[at + 1], block[at + 2], block[at + 5 : end]
        at = end


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


def _written(found: dict[str, ElementTree.Element]) -> bytes | None:
    """Make a packet of what is kept; None of nothing."""
    if not found:
        return None
    for space, name in SPACES.items():
        ElementTree.register_namespace(space, name)
    meta, rdf, described = (_element(name) for name in ("x:xmpmeta", "rdf:RDF", "rdf:Description"))
    described.set(f"{{{SPACES['rdf']}}}about", "")
    described.extend(found.values())
    rdf.append(described)
    meta.append(rdf)
    begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode()
    return begin + ElementTree.tostring(meta, encoding="utf-8", xml_declaration=False) + b'<?xpacket end="w"?>'
