"""What a photo's file holds beside its pixels, and what it cannot be read for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deblur_lightning.photos.formats import WRITTEN, format_of_name, suffix_for
from deblur_lightning.photos.png_colour import PngColour, kept_colour, odd_primaries, odd_transfer
from deblur_lightning.photos.texts import Texts, kept_texts, lost_texts
from deblur_lightning.photos.transparency import Transparency, over_white, visible_box
from deblur_lightning.photos.xmp import lost

if TYPE_CHECKING:
    from torch import Tensor


class PhotoError(ValueError):
    """A file that is no photo, or a damaged one; the message starts with its path."""


def too_large(path: Path, size: str, limit: int) -> PhotoError:
    """Make the error of a photo beyond the limit of pixels."""
    return PhotoError(
        f"{path} has {size}, but at most {limit / 1e6:.4g} million are read. Scale it down or cut it first."
    )


@dataclass(frozen=True)
class PhotoRecord:
    """What a photo's file holds beside the pixels, to be written back.

    Attributes:
        format: Pillow's name of the format it is to be written in.
        inks: the file holds CMYK; the tensor is its conversion to RGB.
        bits: 8 or 16 a channel.
        transparency: as the file has it, colours that do not show included; None if opaque. In a format that has none
            the photo is laid over white.
        icc: colour profile.
        exif: EXIF as in JPEG, upright, without thumbnail.
        xmp: what people wrote of it, see `kept_xmp`.
        texts: a PNG's, or a JPEG's comment, see `photo_texts`.
        dpi: print resolution, horizontal and vertical.
        png_colour: what the file says of its colours beside or instead of the profile, as a PNG says it.
        notes: what reading could not keep, for people.
        quality: of a format that has one, 1 to 100; None is the format's usual, which is high.
    """

    format: str = "PNG"
    inks: bool = False
    bits: int = 8
    transparency: Transparency | None = None
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    texts: Texts = ()
    dpi: tuple[float, float] | None = None
    png_colour: PngColour = ()
    notes: tuple[str, ...] = ()
    quality: int | None = None

    @property
    def alpha(self) -> np.ndarray | None:
        """Its transparency's; None if opaque."""
        return None if self.transparency is None else self.transparency.alpha

    @property
    def visible(self) -> tuple[slice, slice]:
        """Rows and columns of the smallest rectangle that holds all that shows; all of them in an opaque photo.

        Restoring ``image[(..., *record.visible)]`` and writing it back into the image is best: beyond it there is
        nothing but stand-ins.
        """
        box = None if self.alpha is None else visible_box(self.alpha)
        return (slice(None), slice(None)) if box is None else box.inside

    def over_white(self, image: Tensor) -> Tensor:
        """Give the photo's picture ``[N, C, H, W]`` as people see it: what is transparent is white."""
        return image if self.alpha is None else over_white(image, self.alpha)

    def file_name(self, name: str) -> str:
        """Give the name that the photo is written under: the given one, its suffix fitting the format."""
        path = Path(name)
        return name if format_of_name(path) == self.format else path.stem + suffix_for(self.format)

    def check_size(self, path: Path | str, width: int, height: int) -> None:
        """Raise unless the format holds a picture of a size in pixels, before long work.

        Raises:
            ValueError: a side is too long.
        """
        longest = WRITTEN[self.format].longest
        if max(width, height) > longest:
            raise ValueError(
                f"{path} would be {width} x {height} pixels, but {self.format} holds sides of up to {longest}. "
                "Write it as PNG or TIFF."
            )

    def for_name(self, path: Path | str) -> PhotoRecord:
        """Return the record of the same photo in the format that a file's name asks for.

        Raises:
            ValueError: a suffix that no photo is written with.
        """
        wanted = format_of_name(Path(path))
        if wanted is None:
            raise ValueError(f"{path}: the suffix {Path(path).suffix!r} is none that photos have. Use .png or .tif.")
        can = WRITTEN[wanted]
        notes = list(self.notes)
        if self.alpha is not None and not can.alpha and self.alpha.min() < np.iinfo(self.alpha.dtype).max:
            notes.append(f"what is transparent becomes white, for {wanted} holds no transparency")
        if self.bits > can.bits:
            notes.append(f"16 bits become 8, all that {wanted} holds")
        if self.quality is not None and not can.quality:
            notes.append(f"{wanted} has no quality to choose")
        colour = kept_colour(self.png_colour, wanted)
        if not colour:
            odd = odd_transfer(self.png_colour, self.icc), odd_primaries(self.png_colour, self.icc)
            if names := " and ".join(filter(None, odd)):
                notes.append(f"its {names} {'are' if odd[1] else 'is'} not kept, for {wanted} holds none")
        if not can.metadata:
            parts = [name for name, part in (("colour profile", self.icc), ("EXIF", self.exif)) if part]
            if parts:
                listed, verb = " and ".join(parts), "are" if len(parts) > 1 else "is"
                notes.append(f"its {listed} {verb} not kept, for {wanted} holds none")
            notes += [] if self.xmp is None else lost(self.xmp, f"has no place in {wanted}")
        notes += lost_texts(self.texts, wanted)
        inks = self.inks and can.cmyk
        icc = self.icc if inks == self.inks else None  # a profile of inks does not fit RGB
        if colour and wanted != "PNG":
            icc = None  # which would stand above the codes there; in a PNG they stand above it
        return replace(
            self,
            format=wanted,
            inks=inks,
            bits=min(self.bits, can.bits),
            icc=icc,
            xmp=self.xmp if can.metadata else None,
            texts=kept_texts(self.texts, wanted),
            png_colour=colour,
            notes=tuple(dict.fromkeys(notes)),
        )
