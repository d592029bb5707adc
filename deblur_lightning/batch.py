"""What datasets yield and modules take: the one place where both meet."""

from collections.abc import Iterable
from typing import NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from deblur_lightning.field import KernelField


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
    scene: NotRequired[Tensor]  # [N, C, H + K - 1, W + K - 1], display values, may exceed 1
    frames: NotRequired[list[Iterable[NDArray[np.uint8]]]]  # N of them, uint8
