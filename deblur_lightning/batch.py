"""What datasets yield and modules take: the one place where both meet."""

from collections.abc import Iterable, Mapping
from typing import NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from deblur_lightning.field import KernelField, check_field
from deblur_lightning.image import check_image


class Batch(TypedDict):
    """N pictures of one size; a sample is the same without the leading N (and ``name`` a str).

    Images are float32 RGB in [0, 1], display values. ``scene`` is ``sharp`` as the blur sees it: with the K // 2
    pixels around it that light reaches it from, and not clipped where the scene outshines the sensor, so that
    blurring ``scene ** gamma`` with padding ``valid`` gives ``blurry`` up to the sensor's response and noise.
    ``frames`` are Köhler's, in place of ``sharp``: for each picture all sharp frames ``[H, W, 3]``, read from disk as
    they are iterated over.
    """

    blurry: Tensor  # [N, C, H, W]
    sharp: NotRequired[Tensor]  # [N, C, H, W]
    name: list[str]
    field: NotRequired[KernelField]  # [N, J, K, K] and [N, J, H, W]
    weights: NotRequired[Tensor]  # [N, H, W], the losses' w_i
    start: NotRequired[Tensor]  # [N, C, H, W], what `deconvolve` makes of blurry and field
    scene: NotRequired[Tensor]  # [N, C, H + K - 1, W + K - 1], display values, may exceed 1
    path: NotRequired[list[str]]  # the photos' files, whose format and metadata restored ones keep
    frames: NotRequired[list[Iterable[NDArray[np.uint8]]]]  # N of them, uint8


def check_parts(batch: object, *names: str) -> None:
    """Raise unless a batch is a mapping with some parts.

    Raises:
        ValueError: what it is or lacks.
    """
    if not isinstance(batch, Mapping):
        raise ValueError(
            f"batches are {type(batch).__name__}s, but their parts have names. Yield mappings with {', '.join(names)}."
        )
    if lacking := [name for name in names if name not in batch]:
        raise ValueError(f"batches have no {' and no '.join(lacking)}. Yield mappings with {', '.join(names)}.")


def check_batch(batch: Batch) -> None:
    """Raise unless a batch is one: pictures in [0, 1] of one size, their names, a motion field that sums to 1.

    A pass over every pixel, which waits for a GPU: meant for the first batch of a training.

    Raises:
        ValueError: what is wrong, and the remedy.
    """
    check_parts(batch, "blurry", "name")
    blurry = batch["blurry"]
    check_image(blurry, "blurry")
    if "sharp" in batch:
        check_image(batch["sharp"], "sharp")
        if batch["sharp"].shape != blurry.shape:
            raise ValueError(
                f"sharp is {list(batch['sharp'].shape)}, but blurry is {list(blurry.shape)}. Pair pictures of one size."
            )
    if len(batch["name"]) != len(blurry):
        raise ValueError(f"names are {batch['name']}, but there are {len(blurry)} pictures. Give each one.")
    if "field" in batch:
        check_field(batch["field"])
    if "weights" in batch and not (batch["weights"] >= 0).all():
        raise ValueError("weights have a negative value or NaN, but losses add weighted squares. Pass 0 or more.")
