import io
import struct
import zlib

import pytest
from PIL import Image

from deblur_lightning.photos import read_photo
from deblur_lightning.photos.lost import lost_notes

PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    "<rdf:Description {0}>{1}</rdf:Description></rdf:RDF></x:xmpmeta>"
)
KEYWORDS = "<dc:subject><rdf:Bag><rdf:li>sea</rdf:li></rdf:Bag></dc:subject>"
NO_TITLE = '<dc:title><rdf:Alt><rdf:li xml:lang="x-default"></rdf:li></rdf:Alt></dc:title>'
TITLE = NO_TITLE.replace("></rdf:li>", ">Waves</rdf:li>")


def save(path, attributes="", elements=""):
    """Write a photo with XMP as programs do, in the format of its name."""
    packet = PACKET.format(attributes, elements).encode()
    picture = Image.effect_noise((40, 30), 80).convert("RGB")
    if path.suffix == ".tif":
        picture.save(path, tiffinfo={700: packet})
    elif path.suffix == ".png":
        file = io.BytesIO()
        picture.save(file, "PNG")
        png, chunk = file.getvalue(), b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + packet
        path.write_bytes(png[:33] + struct.pack(">I", len(chunk) - 4) + chunk + crc(chunk) + png[33:])
    else:
        picture.save(path, xmp=packet)
    return path


def crc(chunk):
    return struct.pack(">I", zlib.crc32(chunk))


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_a_rating_is_said_to_be_lost_whatever_the_format(tmp_path, suffix):
    _, record = read_photo(save(tmp_path / f"a{suffix}", 'xmp:Rating="4"'))
    assert record.notes == ("its rating (XMP or IPTC) is not kept",)


@pytest.mark.parametrize(
    ("attributes", "elements", "note"),
    [
        ('xmp:Rating="0" crs:Exposure="1"', NO_TITLE, ()),
        ("", "<xmp:Rating>0</xmp:Rating>", ()),
        ("", "<xmp:Rating>-1</xmp:Rating>", ("its rating (XMP or IPTC) is not kept",)),
        ("", KEYWORDS, ("its keywords (XMP or IPTC) are not kept",)),
        ('xmp:Label="Red"', TITLE + KEYWORDS, ("its label, title and keywords (XMP or IPTC) are not kept",)),
    ],
)
def test_what_people_wrote_is_listed_and_nothing_else(tmp_path, attributes, elements, note):
    assert lost_notes(save(tmp_path / "a.jpg", attributes, elements)) == note


def test_keywords_in_iptc_are_noticed_too(tmp_path):
    entry = b"\x1c\x02\x19" + struct.pack(">H", 3) + b"sea"
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(entry)) + entry
    segment = b"Photoshop 3.0\0" + resource
    plain = tmp_path / "plain.jpg"
    Image.new("RGB", (20, 20), "teal").save(plain)
    content = plain.read_bytes()
    (tmp_path / "a.jpg").write_bytes(
        content[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + content[2:]
    )
    assert lost_notes(tmp_path / "a.jpg") == ("its keywords (XMP or IPTC) are not kept",)
    assert lost_notes(plain) == ()


def test_a_packet_that_breaks_off_is_looked_through_as_far_as_it_goes(tmp_path):
    path = save(tmp_path / "a.jpg", 'xmp:Rating="5"')
    content = path.read_bytes()
    path.write_bytes(content.replace(b"</x:xmpmeta>", b"            "))
    assert lost_notes(path) == ("its rating (XMP or IPTC) is not kept",)
