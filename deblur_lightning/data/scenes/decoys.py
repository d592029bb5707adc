"""Scenes that look as if they had moved: out of focus, as a whole or in part, or made of stripes."""

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deblur_lightning.data.frames import Frame
from deblur_lightning.data.scenes.sources import DrawScene, Scene

STRIPED = 0.15  # share of scenes that are made of stripes, whose motion along them does not show
CRISP = 0.35  # share of scenes that are left in focus
EVEN = 0.25  # share that is out of focus alike all over; the rest is so in parts
NEAR = 0.3  # share of those in parts whose sharper parts are soft too
SOFTNESS = (0.6, 8.0)  # in pixels: standard deviation of what is out of focus
SOFTER_NEAR = (0.6, 2.0)
LENS = 2.0  # radius of a disc over the standard deviation that it has, as any disc's


def draw_decoys(draw: DrawScene) -> DrawScene:
    """Return a function that draws the same scenes, most of them made to look as if they had moved; see `decoy`.

    A network that has never seen soft scenes takes softness for motion: pictures out of focus then come out with rings.
    """
    return partial(_decoyed, draw)


def _decoyed(draw: DrawScene, generator: np.random.Generator) -> Scene:
    scene = draw(generator)
    return scene._replace(photo=decoy(scene.photo, generator))


def decoy(photo: Frame, generator: np.random.Generator) -> Frame:
    """Make a scene out of focus, wholly or in parts, or striped, or leave it as it is.

    Args:
        photo: ``[S, S, 3]``, display values.
        generator: the source of all randomness.

    Returns:
        A scene of the same shape, or ``photo`` itself.
    """
    if generator.random() < STRIPED:
        photo = striped(photo, generator)
    kind = generator.random()
    if kind < CRISP:
        return photo
    soft = out_of_focus(photo, generator, SOFTNESS)
    if kind < CRISP + EVEN:
        return soft
    near = out_of_focus(photo, generator, SOFTER_NEAR) if generator.random() < NEAR else photo
    return _rounded(near + depth(len(photo), generator)[..., None] * (soft - near.astype(np.float32)))


def out_of_focus(photo: Frame, generator: np.random.Generator, softness: tuple[float, float]) -> Frame:
    """Blur a scene by a Gaussian or a lens's disc, mirrored at its borders.

    Args:
        photo: ``[S, S, 3]``.
        generator: the source of all randomness.
        softness: range of the spot's standard deviation in pixels, drawn evenly in its logarithm.
    """
    from scipy import signal

    deviation = math.exp(generator.uniform(*np.log(softness)))
    spot = disc(LENS * deviation) if generator.random() < 0.5 else gaussian(deviation)
    reach = len(spot) // 2
    padded = np.pad(photo.astype(np.float32), ((reach, reach), (reach, reach), (0, 0)), mode="reflect")
    return _rounded(signal.fftconvolve(padded, spot[..., None], mode="valid", axes=(0, 1)))


def disc(radius: float) -> NDArray[np.float32]:
    """Draw the spot of a point out of a lens's focus: a disc of a radius in pixels, unit sum, on an odd square."""
    reach = np.hypot(*_grid(math.ceil(radius)))
    return _normalised(np.clip(radius + 0.5 - reach, 0, 1))


def gaussian(deviation: float) -> NDArray[np.float32]:
    """Draw a Gaussian spot of a standard deviation in pixels, unit sum, on an odd square."""
    down, across = _grid(math.ceil(3 * deviation))
    return _normalised(np.exp(-(down**2 + across**2) / (2 * deviation**2)))


def depth(side: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Draw how far away a scene's parts are, ``[side, side]``: from 0, near, to 1; borders are soft or hard."""
    cells = int(generator.integers(2, 7))
    coarse = Image.fromarray(generator.normal(size=(cells, cells)).astype(np.float32))
    hills = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
    level, width = generator.uniform(-0.7, 0.7), generator.uniform(0.02, 1.0)
    return np.clip((hills - level) / np.float32(width) + np.float32(0.5), 0, 1)


def striped(photo: Frame, generator: np.random.Generator) -> Frame:
    """Draw stripes at any angle, often upright or level, in a row's colours; the scene shines through a little."""
    side = len(photo)
    angle = generator.uniform(0, math.pi) if generator.random() < 0.6 else math.pi / 2 * generator.integers(2)
    down, across = np.ogrid[0:side, 0:side]
    place = np.abs(across * math.cos(angle) + down * math.sin(angle)) % (2 * side - 2)
    place = np.minimum(place, 2 * side - 2 - place)
    row = photo[generator.integers(side)].astype(np.float32)
    stripes = np.stack([np.interp(place, np.arange(side), colour) for colour in row.T], axis=-1)
    return _rounded(stripes + generator.uniform(0, 0.5) * (photo - photo.mean(axis=(0, 1))))


def _grid(reach: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return distances downwards and to the right from a square's middle."""
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    return down, across


def _normalised(spot: NDArray[np.float64]) -> NDArray[np.float32]:
    return (spot / spot.sum()).astype(np.float32)


def _rounded(photo: NDArray[np.floating]) -> Frame:
    return np.clip(np.rint(photo), 0, 255).astype(np.uint8)
