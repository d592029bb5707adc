"""What datasets yield and modules take: the one place where both meet."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NotRequired, TypedDict, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deblur_lightning.field import KernelField, check_field, stack_fields
from deblur_lightning.image import check_image

Parts = TypeVar("Parts", bound=Mapping[str, object])


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


def batched(samples: Sequence[Mapping[str, object]]) -> Batch:
    """Make one batch of samples of the same parts; fields of fewer or smaller kernels are widened.

    Args:
        samples: their pictures are of one size; a field is one of a single picture, N = 1.
    """
    return cast("Batch", {name: _together([sample[name] for sample in samples]) for name in samples[0]})


def _together(parts: list[object]) -> object:
    match parts[0]:
        case KernelField():
            return stack_fields(cast("list[KernelField]", parts))
        case Tensor():
            return torch.stack(cast("list[Tensor]", parts))
    return parts


def turned(parts: Parts, coins: Iterable[float | Tensor]) -> Parts:
    """Bring all pictures of a batch or a sample, and their motion, to one of a square's eight positions.

    Args:
        parts: tensors ``[..., H, W]`` and fields are turned, the others stay.
        coins: three numbers in [0, 1): those below 0.5 put it upside down, mirror it, swap its rows and columns.
    """
    flips, mirrored, swapped = (bool(coin < 0.5) for coin in coins)
    axes = [axis for axis, flipped in ((-2, flips), (-1, mirrored)) if flipped]

    def moved(part: object) -> object:
        if isinstance(part, KernelField):
            return KernelField(*(cast("Tensor", moved(tensor)) for tensor in part))
        if not isinstance(part, Tensor):
            return part
        flipped = part.flip(axes)
        return (flipped.transpose(-2, -1) if swapped else flipped).contiguous()

    return cast("Parts", {name: moved(part) for name, part in parts.items()})


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
