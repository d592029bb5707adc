"""Windows of BSDS500's photographs under the three kinds of hard motion: to measure, not to train."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from deblur_lightning.data.frames import Frame
from deblur_lightning.data.scenes.blurred_window import blurred_window, window_sample
from deblur_lightning.data.scenes.bsds500 import bsds500_photos
from deblur_lightning.data.scenes.hard_motion import KINDS, TRIES, Kind, draw_field, segment_objects
from deblur_lightning.data.scenes.photo_scenes import Segments
from deblur_lightning.data.scenes.sources import Split
from deblur_lightning.data.scenes.synthetic import SyntheticSample

GAMMA, NOISE = 2.2, 0.01
PATIENCE = 3  # looks at each photograph without finding an object


def bsds500_windows(
    root: Path, split: Split, kind: Kind, count: int, side: int = 256, kernel_size: int = 33
) -> Iterator[SyntheticSample]:
    """Make the first windows of a kind, each from another photograph while there are more; always the same.

    Gamma 2.2, noise of 1%, 8 bits.

    Args:
        root: holds ``images`` and ``groundTruth``.
        split: of BSDS500.
        kind: of motion.
        count: how many.
        side: of a window, in pixels.
        kernel_size: side K of the kernels, in pixels, odd.

    Raises:
        FileNotFoundError: no photographs there.
        ValueError: a window with its surround is larger than a photograph, or no photograph has a segment of an
            object's size.
    """
    photos = bsds500_photos(root, split)
    order = np.random.default_rng(5).permutation(len(photos))
    made = number = barren = 0
    while made < count:
        if barren == PATIENCE * len(photos):
            raise ValueError(f"{root} has no segment of an object's size within {side} pixels. Pass a larger side.")
        random = np.random.default_rng((KINDS.index(kind), number))
        photo = photos[order[number % len(photos)]]
        frame, segments = photo.read()
        name = f"{kind}/{photo.name}-{made + 1}"
        window = _window(frame, segments, kind, side, kernel_size, random, name)
        number, barren = number + 1, barren + 1
        if window is not None:
            made, barren = made + 1, 0
            yield window


def _window(
    frame: Frame,
    segments: Segments | None,
    kind: Kind,
    side: int,
    kernel_size: int,
    random: np.random.Generator,
    name: str,
) -> SyntheticSample | None:
    """Cut a window out of a photograph and blur it; None if no segment of it is of an object's size."""
    if side + kernel_size - 1 > min(frame.shape[:2]):
        raise ValueError(
            f"A window of {side} pixels with a surround for kernels of {kernel_size} does not fit into a photograph of "
            f"{frame.shape[1]} x {frame.shape[0]}. Pass a smaller side or kernel_size."
        )
    whole, generator = side + kernel_size - 1, torch.Generator().manual_seed(int(random.integers(2**31)))
    for _ in range(TRIES):
        top, left = (int(random.integers(length - whole + 1)) for length in frame.shape[:2])
        labels = np.zeros((whole, whole), np.uint8)
        if kind != "turning" and segments is not None:
            labels = segment_objects(segments[top : top + whole, left : left + whole], random)
        if kind == "turning" or labels.any():
            break
    else:
        return None
    window, field = frame[top : top + whole, left : left + whole], draw_field(kind, labels, kernel_size, generator)
    return window_sample(field, *blurred_window(window, field, generator=generator, gamma=GAMMA, noise=NOISE), name)
