"""The three kinds of motion that methods are scored on: hard ones, on windows of photographs."""

from typing import Literal, get_args

import numpy as np
import torch

from deblur_lightning.data.scenes.objects import blob_labels, chosen_segments
from deblur_lightning.data.scenes.sources import Labels
from deblur_lightning.field import KernelField
from deblur_lightning.physics import scene_field, shake_field, shake_kernels

Kind = Literal["turning", "objects", "still"]
KINDS: tuple[Kind, ...] = get_args(Kind)

ROTATION, REACH = 0.12, (0.5, 1.0)  # of a turning camera: radians, and shares of the kernel's half side
EXTENT = (0.25, 0.875)  # of objects' paths, as shares of the longest that a kernel holds
SMALLEST, LARGEST = 0.08, 0.45  # objects, as shares of a window
MOST = 2  # objects in a window
TRIES = 50  # windows of a photograph, or sets of blobs, before the next


def draw_field(kind: Kind, labels: Labels, kernel_size: int, generator: torch.Generator) -> KernelField:
    """Draw the motion field of a window.

    *turning*: a camera that shifts and turns. *objects*: the background and each object have kernels of their own.
    *still*: the same before a background that does not move.

    Args:
        kind: of motion.
        labels: which pixels of the scene move together, ``[S, S]``, 0 for the background; the scene is the window and
            K - 1 pixels more each way.
        kernel_size: side K of the kernels, in pixels, odd.
        generator: the source of all randomness.

    Returns:
        The field of the window's S - K + 1 pixels each way, N = 1.
    """
    side = labels.shape[0] - kernel_size + 1
    if kind == "turning":
        return shake_field((side, side), kernel_size, generator=generator, rotation=ROTATION, reach=REACH)
    layers, longest = int(labels.max()) + 1, kernel_size - 1
    kernels = shake_kernels(layers, kernel_size, generator=generator, extent=(EXTENT[0] * longest, EXTENT[1] * longest))
    if kind == "still":
        kernels[0] = 0
        kernels[0, kernel_size // 2, kernel_size // 2] = 1
    masks = torch.from_numpy(np.stack([labels == layer for layer in range(layers)], dtype=np.float32))
    return scene_field(masks.unsqueeze(0), kernels.unsqueeze(0))


def segment_objects(segments: np.ndarray, random: np.random.Generator) -> Labels:
    """Take one or two of a window's segments that cover 8 to 45% of it each; all is background if none do."""
    areas = np.bincount(segments.ravel()) / segments.size
    fitting = np.flatnonzero((areas >= SMALLEST) & (areas <= LARGEST))
    kept = np.where(np.isin(segments, fitting), segments, 0)
    return chosen_segments(kept, int(random.integers(1, MOST + 1)), 1, random)


def blob_objects(side: int, random: np.random.Generator) -> Labels:
    """Draw one or two blobs that cover 8 to 45% of a window each, for photographs without segments.

    Raises:
        ValueError: no such blobs in many tries, as in a window of a few pixels.
    """
    count = int(random.integers(1, MOST + 1))
    for _ in range(TRIES):
        labels = blob_labels(side, count, random)
        areas = np.bincount(labels.ravel(), minlength=count + 1)[1:] / labels.size
        if (areas >= SMALLEST).all() and (areas <= LARGEST).all():
            return labels
    raise ValueError(f"windows are {side} pixels wide, but no blob covers 8 to 45% of them. Pass a larger crop_size.")
