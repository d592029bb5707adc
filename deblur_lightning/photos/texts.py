"""Texts beside a photo, each with a name: those of a PNG, and the comment of a JPEG or GIF."""

from __future__ import annotations

from PIL import Image

Texts = tuple[tuple[str, str], ...]
"""Names and what they say."""

LONGEST_NAME = 79
"""Characters of a PNG's text's name."""

COMMENT = "Comment"
"""What PNG calls the one text that a JPEG holds."""

XMP = "XML:com.adobe.xmp"
"""What PNG calls the text that holds XMP."""

STALE = (XMP, "Raw profile type ", "Thumb::", "date:")
"""How names begin that say what is kept elsewhere (XMP, EXIF), or what was true of the file that was read."""

LONGEST_COMMENT = 65_533
"""Bytes of a JPEG's comment."""


def photo_texts(picture: Image.Image) -> Texts:
    """Collect an opened picture's texts, once it is loaded; of an animation's none."""
    comment = picture.info.get("comment")
    if isinstance(comment, bytes) and picture.format in ("JPEG", "MPO", "GIF"):
        found = {COMMENT: comment.rstrip(b"\0").decode(errors="surrogateescape")}  # `comment_bytes` gives it back
    else:
        found = getattr(picture, "text", {}) if getattr(picture, "n_frames", 1) == 1 else {}
    named = {"".join(filter(str.isprintable, name))[:LONGEST_NAME].strip(): str(text) for name, text in found.items()}
    return tuple((name, text) for name, text in named.items() if name and text.strip() and not name.startswith(STALE))


def kept_texts(texts: Texts, format_name: str) -> Texts:
    """Choose the texts that a format holds: PNG all, JPEG a comment."""
    if format_name == "PNG":
        return texts
    if format_name != "JPEG":
        return ()
    return tuple(pair for pair in texts if pair[0] == COMMENT and len(comment_bytes(pair[1])) <= LONGEST_COMMENT)


def lost_texts(texts: Texts, format_name: str) -> tuple[str, ...]:
    """Say which texts a format does not hold, for people; which program wrote the file is none of their words."""
    kept = kept_texts(texts, format_name)
    names = [name for name, text in texts if (name, text) not in kept and name != "Software"]
    if not names:
        return ()
    verb, them = ("are", "them") if len(names) > 1 else ("is", "it")
    return (f"its {', '.join(names)} {verb} not kept, for {format_name} has no place for {them}",)


def png_texts(texts: Texts) -> tuple[tuple[bytes, bytes], ...]:
    """Give PNG chunks, by kind and what they hold, of texts in UTF-8, not compressed, in no language."""
    return tuple(
        (b"iTXt", name.encode("latin-1") + bytes(5) + decoded(comment_bytes(text)).encode()) for name, text in texts
    )


def comment_bytes(text: str) -> bytes:
    """Give a comment as a JPEG holds it: UTF-8, or the bytes that it came as."""
    return text.encode(errors="surrogateescape")


def decoded(text: bytes) -> str:
    """Read a text: most programs write UTF-8, and not all of them say so; what is none is older."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
