"""From a moving scene to a file: light or display values add up, noise, saturation, 8 bits, JPEG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.data.checks import check_noise, check_range, check_share
from deblur_lightning.data.frames import Frame
from deblur_lightning.field import KernelField
from deblur_lightning.image import pixels_of
from deblur_lightning.physics import check_gamma, expose, to_display, to_linear

DAZZLING = (1.2, 3.0)  # factors on the light of pictures that saturate


@dataclass(frozen=True)
class PaperSensor:
    """How the paper's pictures are taken: the blur adds up linear light, which saturates.

    Attributes:
        gamma: display to linear light.
        noise: standard deviation at full well, of linear light; its variance falls with the light, see `expose`.
        brightness: range of the factor on linear light (the V of HSV), above 1 for saturation.
    """

    gamma: float = 2.2
    noise: float = 0.01
    brightness: tuple[float, float] = (1.0, 3.0)

    def __post_init__(self) -> None:
        check_gamma(self.gamma)
        if not 0 < self.brightness[0] <= self.brightness[1] < math.inf:
            raise ValueError(
                f"brightness is {tuple(self.brightness)}, but it is the least and the largest factor, above 0. Pass "
                "(1.0, 3.0)."
            )
        check_noise(self.noise)


@dataclass(frozen=True)
class Sensor:
    """What happens to the picture, drawn anew for each.

    Attributes:
        gamma: display to linear light.
        linear: share of pictures whose blur adds up linear light, as a sensor does; that of the others adds up display
            values, as averaged video frames and programs do.
        noise: range of the standard deviation at full well, see `expose`.
        brightness: range of the factor on the light.
        bright: share of pictures whose factor is drawn from 1.2 to 3 instead, so that they saturate.
        jpeg: share of blurry pictures that are stored as JPEG.
        quality: range of its quality.
        surrounded: share of pictures that a program blurred with nothing but black beyond their borders, on each side
            or not: they fade there.
        gray: share of pictures without colour: three equal channels, with one noise.

    Raises:
        ValueError: a gamma that is none, a share outside [0, 1], or a range whose ends are swapped or out of bounds.
    """

    gamma: float = 2.2
    linear: float = 0.6
    noise: tuple[float, float] = (0.0, 0.03)
    brightness: tuple[float, float] = (0.6, 1.2)
    bright: float = 0.15
    jpeg: float = 0.35
    quality: tuple[int, int] = (60, 97)
    surrounded: float = 0.0
    gray: float = 0.0

    def __post_init__(self) -> None:
        check_gamma(self.gamma)
        for name in ("linear", "bright", "jpeg", "surrounded", "gray"):
            check_share(name, getattr(self, name))
        check_range("noise", self.noise)
        check_range("brightness", self.brightness)
        check_range("quality", self.quality, 1, 100)

    def take(self, photo: Frame, field: KernelField, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Take a picture of a moving scene.

        Args:
            photo: ``[S, S, 3]``, display values 0 to 255, with a margin for the longest kernels.
            field: motion of the scene's inner H x W pixels.
            generator: the source of all randomness.

        Returns:
            The blurry and the sharp picture, ``[3, H, W]`` in [0, 1]. With nothing moving they differ by noise,
            rounding, compression and how the sensor nears full well (`saturate`), by up to four of 255 levels in white.
        """
        gamma = self.gamma if generator.random() < self.linear else 1.0
        factor = generator.uniform(*(DAZZLING if generator.random() < self.bright else self.brightness))
        levels = to_linear(torch.arange(256) / 255, gamma) * factor
        height, width = field.coefficients.shape[-2:]
        reach = field.kernel_size // 2
        scene, sharp = (_inner(photo, height, width, margin) for margin in (reach, 0))
        if self.gray and generator.random() < self.gray:
            scene, sharp = to_gray(scene), to_gray(sharp)
        if self.surrounded and generator.random() < self.surrounded:
            darken(scene, reach, list(generator.random(4) < 0.5))
        linear = torch.from_numpy(levels.numpy().take(scene)).unsqueeze(0)
        drawn = torch.Generator().manual_seed(int(generator.integers(2**63)))
        noise = generator.uniform(*self.noise)
        blurry = expose(linear, field, generator=drawn, gamma=gamma, noise=noise)[0].expand(3, -1, -1)
        if generator.random() < self.jpeg:
            blurry = stored_as_jpeg(blurry, int(generator.integers(*self.quality, endpoint=True)))
        return blurry, torch.from_numpy(to_display(levels, gamma).clamp(0, 1).numpy().take(sharp)).expand(3, -1, -1)


def to_gray(scene: Frame) -> Frame:
    """Take the colour off a scene ``[3, H, W]``, as ITU-R BT.601 weighs it: ``[1, H, W]``."""
    return np.tensordot(np.array([0.299, 0.587, 0.114]), scene, 1).round().astype(np.uint8)[None]


def darken(scene: Frame, margin: int, sides: Sequence[bool]) -> None:
    """Blacken the margin of a scene ``[3, H, W]`` where asked: above, below, on the left and on the right."""
    height, width = scene.shape[1:]
    above, below, left, right = (margin * side for side in sides)
    scene[:, :above] = scene[:, height - below :] = 0
    scene[:, :, :left] = scene[:, :, width - right :] = 0


def stored_as_jpeg(picture: Tensor, quality: int) -> Tensor:
    """Store a picture ``[3, H, W]`` in [0, 1] as JPEG and read it again."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels_of(picture)).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1).contiguous() / 255


def _inner(photo: Frame, height: int, width: int, margin: int) -> Frame:
    """Cut the inner ``height`` x ``width`` pixels and a margin around them, channels first."""
    top, left = ((photo.shape[axis] - side) // 2 - margin for axis, side in enumerate((height, width)))
    cut = photo[top : top + height + 2 * margin, left : left + width + 2 * margin]
    return np.ascontiguousarray(cut.transpose(2, 0, 1))
