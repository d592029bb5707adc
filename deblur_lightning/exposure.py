"""How a photo came to be blurred: what its values mean, and what lies beyond its borders."""

from typing import NamedTuple


class Sides(NamedTuple):
    """Which sides of a picture have nothing beyond."""

    top: bool = False
    bottom: bool = False
    left: bool = False
    right: bool = False


NO_SIDE = Sides()
EVERY_SIDE = Sides(top=True, bottom=True, left=True, right=True)


class Exposure(NamedTuple):
    """What is decided once for each photo, and never again for a part of it.

    Attributes:
        gamma: display values to the light that the blur added up: 2.2 for a camera's photographs, 1.0 for pictures that
            are linear, or that a program blurred as they were.
        dark: sides beyond which there was nothing, as where a program blurs with zeros. Beyond the others the
            scene went on.
        cut: whether this is of a part of a photo that fades, whichever sides the part has of it.
        drawn: whether points of light drew the motion, so that it is known and many pixels clipped (`light_streaks`).
        sure: how surely the motion found is right, in [0, 1], see `find_motion`.
    """

    gamma: float = 2.2
    dark: Sides = NO_SIDE
    cut: bool = False
    drawn: bool = False
    sure: float = 0.0

    @property
    def fades(self) -> bool:
        """Whether the photo, of which this may be a part, fades to black on any side."""
        return self.cut or any(self.dark)

    def part(self, ends: Sides) -> "Exposure":
        """Return the exposure of a part of the photo.

        Args:
            ends: which sides of the part are the photo's.
        """
        dark = Sides(*(fades and end for fades, end in zip(self.dark, ends, strict=True)))
        return self._replace(dark=dark, cut=self.fades)
