"""Windows of BSDS500's photographs under three kinds of motion, with what blurred them: to measure, not to train.

256 x 256 pixels, kernels of 33 x 33, gamma 2.2, noise of 1%, 8 bits. *turning*: a camera that shifts and turns by up to
0.12 radians. *objects*: one or two segments of 8 to 45% of the window, and the background, each with a kernel that
reaches over 8 to 28 pixels. *still*: the same before a background that does not move.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.data.scenes.bsds500 import bsds500_photos
from deblur_lightning.data.scenes.objects import chosen_segments
from deblur_lightning.data.scenes.sources import Labels, Split
from deblur_lightning.field import KernelField
from deblur_lightning.physics import expose, scene_field, shake_field, shake_kernels, to_linear

KINDS = ("turning", "objects", "still")
SIDE, KERNEL, GAMMA, NOISE = 256, 33, 2.2, 0.01
ROTATION, REACH, EXTENT = 0.12, (0.5, 1.0), (8.0, 28.0)
SMALLEST, LARGEST = 0.08, 0.45  # objects, as shares of the window
TRIES = 50  # places in a photograph before another one is taken


class Window(NamedTuple):
    """One window.

    Attributes:
        blurry: ``[1, 3, 256, 256]``, display values.
        sharp: likewise.
        field: what blurred it.
    """

    blurry: Tensor
    sharp: Tensor
    field: KernelField


def windows(root: Path, split: Split, kind: str, count: int) -> Iterator[Window]:
    """Make the first windows of a kind, each from another photograph while there are more; always the same ones.

    Args:
        root: holds ``images`` and ``groundTruth``.
        split: of BSDS500.
        kind: one of `KINDS`.
        count: how many.

    Raises:
        FileNotFoundError: no photographs there.
    """
    photos = bsds500_photos(root, split)
    order = np.random.default_rng(5).permutation(len(photos))
    made = number = 0
    while made < count:
        random = np.random.default_rng((KINDS.index(kind), number))
        frame, segments = photos[order[number % len(photos)]].read()
        window = _window(frame, segments, kind, random)
        number += 1
        if window is not None:
            made += 1
            yield window


def _window(frame: np.ndarray, segments: np.ndarray | None, kind: str, random: np.random.Generator) -> Window | None:
    """Cut a window out of a photograph and blur it; None if no segment of it is of an object's size."""
    whole, generator = SIDE + KERNEL - 1, torch.Generator().manual_seed(int(random.integers(2**31)))
    for _ in range(TRIES):
        top, left = (int(random.integers(length - whole + 1)) for length in frame.shape[:2])
        labels = np.zeros((whole, whole), np.uint8)
        if kind != "turning" and segments is not None:
            labels = _objects(segments[top : top + whole, left : left + whole], random)
        if kind == "turning" or labels.any():
            break
    else:
        return None
    scene = torch.from_numpy(frame[top : top + whole, left : left + whole].copy()).permute(2, 0, 1).unsqueeze(0) / 255
    if kind == "turning":
        field = shake_field((SIDE, SIDE), KERNEL, generator=generator, rotation=ROTATION, reach=REACH)
    else:
        layers = int(labels.max()) + 1
        kernels = shake_kernels(layers, KERNEL, generator=generator, extent=EXTENT)
        if kind == "still":
            kernels[0] = 0
            kernels[0, KERNEL // 2, KERNEL // 2] = 1
        masks = torch.from_numpy(np.stack([labels == layer for layer in range(layers)], dtype=np.float32))
        field = scene_field(masks.unsqueeze(0), kernels.unsqueeze(0))
    blurry = expose(to_linear(scene, GAMMA), field, generator=generator, gamma=GAMMA, noise=NOISE)
    margin = KERNEL // 2
    return Window(blurry, scene[..., margin : margin + SIDE, margin : margin + SIDE].contiguous(), field)


def _objects(segments: np.ndarray, random: np.random.Generator) -> Labels:
    """Take one or two segments that cover 8 to 45% of the window each."""
    areas = np.bincount(segments.ravel()) / segments.size
    fitting = np.flatnonzero((areas >= SMALLEST) & (areas <= LARGEST))
    kept = np.where(np.isin(segments, fitting), segments, 0)
    return chosen_segments(kept, int(random.integers(1, 3)), 1, random)
