import struct
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from deblur_lightning.photos import read_photo, write_photo
from deblur_lightning.photos.record import PhotoRecord
from deblur_lightning.photos.xmp import LARGEST, SPACES, kept_xmp

NAMES = " ".join(f'xmlns:{space}="{name}"' for space, name in SPACES.items() if space != "x")
CROP = 'xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" crs:CropTop="0.2" crs:Exposure="1"'
PACKET = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {NAMES}><rdf:Description {{0}}>{{1}}</rdf:Description></rdf:RDF>'
    "</x:xmpmeta>"
)
KEYWORDS = "<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>Küste</rdf:li></rdf:Bag></dc:subject>"
NO_TITLE = '<dc:title><rdf:Alt><rdf:li xml:lang="x-default"></rdf:li></rdf:Alt></dc:title>'
TITLE = NO_TITLE.replace("></rdf:li>", ">Waves &amp; wind</rdf:li>")
WROTE = ('xmp:Rating="4" xmp:Label="Red" photoshop:City="Kiel" ' + CROP, TITLE + KEYWORDS)
TOLD = {
    "xmp:Rating": ["4"],
    "xmp:Label": ["Red"],
    "photoshop:City": ["Kiel"],
    "dc:title": ["Waves & wind"],
    "dc:subject": ["sea", "Küste"],
}
DEPTHS = {".jpg": 8, ".webp": 8, ".png": 16, ".tif": 16}


def save(path, attributes="", elements="", packet=PACKET):
    """Write a photo with XMP as programs do."""
    Image.effect_noise((40, 30), 80).convert("RGB").save(path, xmp=packet.format(attributes, elements).encode())
    return path


def with_iptc(path, *data_sets):
    """Put IPTC into a JPEG as Photoshop does."""
    entries = b"".join(bytes((28, *number)) + struct.pack(">H", len(value)) + value for number, value in data_sets)
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(entries)) + entries
    segment = b"Photoshop 3.0\0" + resource
    content = path.read_bytes()
    path.write_bytes(content[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + content[2:])
    return path


def told(packet):
    """Read a packet, by an XML library: names and texts."""
    found = {}
    spaces = {name: space for space, name in SPACES.items()}
    meta = ElementTree.fromstring(packet)  # noqa: S314 - our own
    for described in meta.iter(f"{{{SPACES['rdf']}}}Description"):
        pairs = [(name, [text]) for name, text in described.attrib.items()]
        pairs += [(child.tag, [text.strip() for text in child.itertext() if text.strip()]) for child in described]
        found |= {f"{spaces[name[1:].split('}')[0]]}:{name.split('}')[1]}": texts for name, texts in pairs}
    assert found.pop("rdf:about") == [""]
    return found


def held(path):
    """Read the packet that a file holds, by Pillow or tifffile."""
    if path.suffix == ".tif":
        with tifffile.TiffFile(path) as file:
            return file.pages.first.tags[700].value
    with Image.open(path) as picture:
        return picture.info["xmp"]


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif", ".heic"])
def test_what_people_wrote_is_kept_in_every_format_that_has_a_place_for_it(tmp_path, suffix, bits):
    image, record = read_photo(save(tmp_path / "a.jpg", *WROTE))
    assert record.notes == ()
    deep = PhotoRecord(**{**vars(record), "bits": bits})
    write_photo(out := tmp_path / f"b{suffix}", image, deep)
    assert told(held(out)) == TOLD
    again, kept = read_photo(out)
    assert told(kept.xmp) == TOLD
    assert kept.bits == min(bits, DEPTHS.get(suffix, 8))
    torch.testing.assert_close(again, image, atol=0.1, rtol=0)


def test_beside_exif_and_a_profile_in_a_tiff(tmp_path):
    photo = save(tmp_path / "a.jpg", *WROTE)
    with Image.open(photo) as picture:
        exif = Image.Exif()
        exif[271], exif[40092] = "Maker", "x"
        picture.save(photo, exif=exif, dpi=(240, 240), xmp=picture.info["xmp"])
    image, record = read_photo(photo)
    write_photo(out := tmp_path / "b.tif", image, record)
    with Image.open(out) as picture:
        assert picture.getexif()[271] == "Maker"
        assert picture.info["dpi"] == (240, 240)
        np.testing.assert_array_equal(np.asarray(picture), (image[0].permute(1, 2, 0) * 255).round().byte().numpy())
    assert told(held(out)) == TOLD


@pytest.mark.parametrize(
    ("attributes", "elements", "note"),
    [
        ('xmp:Rating="0"', NO_TITLE, ()),
        ("", "<xmp:Rating>-1</xmp:Rating>", ("its rating is not kept, for its XMP has no place in BMP",)),
        ("", KEYWORDS, ("its keywords are not kept, for its XMP has no place in BMP",)),
        (
            'xmp:Label="Red"',
            TITLE + KEYWORDS,
            ("its label, title and keywords are not kept, for its XMP has no place in BMP",),
        ),
    ],
)
def test_a_format_without_a_place_for_it_is_said(tmp_path, attributes, elements, note):
    _, record = read_photo(save(tmp_path / "a.jpg", attributes, elements))
    for_bmp = record.for_name("a.bmp")
    assert for_bmp.notes == note
    assert for_bmp.xmp is None


def test_a_photo_of_which_nobody_wrote_anything_has_none(tmp_path):
    assert kept_xmp(save(tmp_path / "a.jpg", CROP)) == (None, ())
    Image.new("RGB", (20, 20), "teal").save(tmp_path / "b.jpg")
    assert kept_xmp(tmp_path / "b.jpg") == (None, ())


def test_iptc_becomes_xmp(tmp_path):
    sets = [((1, 90), b"\x1b%G"), ((2, 25), b"sea"), ((2, 25), "Küste".encode()), ((2, 120), b"Tide"), ((2, 10), b"5")]
    Image.new("RGB", (20, 20), "teal").save(tmp_path / "a.jpg")
    packet, notes = kept_xmp(with_iptc(tmp_path / "a.jpg", *sets))
    assert told(packet) == {"dc:subject": ["sea", "Küste"], "dc:description": ["Tide"]}
    assert b'<rdf:li xml:lang="x-default">Tide' in packet
    assert notes == ()


def test_iptc_of_old_programs_is_latin_and_xmp_is_right_where_both_speak(tmp_path):
    path = save(tmp_path / "a.jpg", "", TITLE)
    packet, _ = kept_xmp(with_iptc(path, ((2, 5), b"Old title"), ((2, 80), "Jürgen".encode("latin-1"))))
    assert told(packet) == {"dc:title": ["Waves & wind"], "dc:creator": ["Jürgen"]}


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (PACKET.replace("</x:xmpmeta>", ""), "its XMP cannot be read and is not kept"),
        (PACKET.replace("<rdf:Desc", "<!DOCTYPE a><rdf:Desc", 1), "its XMP cannot be read and is not kept"),
        (
            PACKET.replace("{1}", f"<dc:title>Waves{'<a>' * 3000}{'</a>' * 3000}</dc:title>"),
            "its XMP cannot be read and is not kept",
        ),
        (
            PACKET.replace("{1}", "<dc:rights>" + "x" * LARGEST + "</dc:rights>"),
            f"its rating and rights are not kept, for its XMP takes more than {LARGEST:,} bytes",
        ),
    ],
    ids=["breaks off", "defines words", "nested without end", "too large for a JPEG"],
)
def test_what_cannot_be_kept_is_said(tmp_path, packet, why):
    assert kept_xmp(save(tmp_path / "a.webp", 'xmp:Rating="5"', packet=packet)) == (None, (why,))


@pytest.mark.parametrize(
    "packet",
    [
        PACKET.replace("x:xmpmeta", "meta:xmpmeta").replace("xmlns:x=", "xmlns:meta="),
        PACKET.replace("x:xmpmeta", "x:xapmeta"),
        PACKET.replace('<x:xmpmeta xmlns:x="adobe:ns:meta/">', "").replace("</x:xmpmeta>", ""),
    ],
    ids=["another prefix", "an old root", "RDF alone"],
)
def test_packets_of_other_programs_are_read_too(tmp_path, packet):
    found, notes = kept_xmp(save(tmp_path / "a.webp", *WROTE, packet=packet))
    assert (told(found), notes) == (TOLD, ())


def test_what_is_said_of_a_picture_within_the_photo_is_not_said_of_the_photo(tmp_path):
    pantry = (
        '<xmpMM:Pantry xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"><rdf:Bag><rdf:li>'
        f'<rdf:Description xmp:Rating="1">{TITLE.replace("Waves", "Other")}</rdf:Description>'
        "</rdf:li></rdf:Bag></xmpMM:Pantry>"
    )
    found, _ = kept_xmp(save(tmp_path / "a.webp", 'xmp:Label="Red"', pantry + KEYWORDS))
    assert told(found) == {"xmp:Label": ["Red"], "dc:subject": ["sea", "Küste"]}


def test_iptc_fills_what_xmp_leaves_empty_and_spoils_nothing(tmp_path):
    path = with_iptc(save(tmp_path / "a.jpg", 'xmp:Rating="5"', NO_TITLE), ((2, 5), b"a\x01b\0c"))
    found, _ = kept_xmp(path)
    assert told(found) == {"xmp:Rating": ["5"], "dc:title": ["a b c"]}


def test_authors_rights_and_place_are_said_to_be_lost_too(tmp_path):
    wrote = "<dc:creator><rdf:Seq><rdf:li>Me</rdf:li></rdf:Seq></dc:creator><dc:rights>mine</dc:rights>"
    _, record = read_photo(save(tmp_path / "a.jpg", 'photoshop:City="Kiel"', NO_TITLE + wrote))
    assert record.for_name("a.bmp").notes == (
        "its authors, rights and place are not kept, for its XMP has no place in BMP",
    )


def test_iptc_that_breaks_off_gives_what_came_before(tmp_path):
    Image.new("RGB", (20, 20), "teal").save(tmp_path / "a.jpg")
    path = with_iptc(tmp_path / "a.jpg", ((2, 25), b"sea"), ((2, 120), b"Tide"))
    path.write_bytes(path.read_bytes().replace(b"\x1c\x02\x78", b"\x1d\x02\x78"))
    packet, _ = kept_xmp(path)
    assert told(packet) == {"dc:subject": ["sea"]}
