"""Which pixels of a scene move together: segments of a photo, or random blobs."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deblur_lightning.data.scenes.sources import Labels


def chosen_segments(segments: NDArray[np.int32], count: int, min_area: int, generator: np.random.Generator) -> Labels:
    """Take some segments as objects; what is too small, or most of the picture, stays background.

    Args:
        segments: segment numbers ``[S, S]``, 0 for none.
        count: how many at most.
        min_area: least number of pixels of an object; the most is half of the picture.
        generator: chooses among those that fit.

    Returns:
        ``[S, S]``: 0 for the background, 1 to ``count`` for the objects.
    """
    numbers, inverse, areas = np.unique(segments, return_inverse=True, return_counts=True)
    fitting = np.flatnonzero((numbers != 0) & (areas >= min_area) & (areas <= segments.size // 2))
    chosen = generator.permutation(fitting)[:count]
    labels = np.zeros(len(numbers), np.uint8)
    labels[chosen] = np.arange(1, len(chosen) + 1)
    return labels[inverse].reshape(segments.shape)


def blob_labels(size: int, count: int, generator: np.random.Generator) -> Labels:
    """Draw blobs, later ones before earlier ones: smooth or with corners, a sixth to a half of the picture wide.

    Args:
        size: side of the picture, in pixels.
        count: how many; a later one may hide an earlier one.
        generator: the source of all randomness.
    """
    picture = Image.new("L", (size, size))
    for label in range(1, count + 1):
        centre = generator.uniform(0.1, 0.9, 2) * size
        outline = centre + outline_of(generator) * generator.uniform(1 / 12, 1 / 4) * size
        ImageDraw.Draw(picture).polygon([(float(x), float(y)) for x, y in outline], fill=label)
    return np.array(picture)


def outline_of(generator: np.random.Generator) -> NDArray[np.float64]:
    """Draw a closed outline about the origin, ``[P, 2]``, its radius near 1: wavy, or with 3 to 8 corners."""
    if generator.random() < 0.4:
        corners = int(generator.integers(3, 9))
        angle = np.sort(generator.uniform(0, 2 * math.pi, corners) * 0.3 + np.arange(corners) * 2 * math.pi / corners)
        radius = generator.uniform(0.8, 1.3, corners)
    else:
        angle = np.linspace(0, 2 * math.pi, 64, endpoint=False)
        radius = np.ones(64)
        for wave in range(2, 6):
            radius += generator.normal(0, 0.25 / wave) * np.cos(wave * angle + generator.uniform(0, 2 * math.pi))
    stretch = math.exp(generator.normal(0, 0.25))
    turn = generator.uniform(0, 2 * math.pi)
    x, y = radius * np.cos(angle) * stretch, radius * np.sin(angle) / stretch
    return np.stack((x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)), axis=-1)
