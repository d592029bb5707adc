"""What every public function means by a picture: float, ``[N, C, H, W]``, display values in [0, 1]."""

import math
import os

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

OVERSHOOT = 0.5  # noise and ringing stray a little from [0, 1]; another value range strays further


def check_image(image: Tensor, name: str = "image") -> None:
    """Raise unless a tensor is a batch of pictures in [0, 1], so that a mixed-up value range cannot pass silently.

    Values may stray by half of the range, for noise and ringing. One pass over the pixels; on a GPU it waits for
    them, so call it where users come in, not in inner loops.

    Args:
        image: pictures ``[N, C, H, W]``, C of 1 or 3.
        name: what the caller calls it, for the message.

    Raises:
        TypeError: no tensor.
        ValueError: integers, another number of axes or channels, no pixels, NaN, or values of another range
            (0 to 255, 0 to 65535, or -1 to 1).

    Example:
        >>> check_image(torch.full((1, 3, 8, 8), 128.0))
        Traceback (most recent call last):
        ValueError: image reaches 128, but display values lie in [0, 1]. Divide it by 255.
    """
    if not isinstance(image, Tensor):
        file = isinstance(image, (str, os.PathLike)) or image is None
        remedy = "Read a file by read_photo." if file else f"Pass torch.as_tensor({name})."
        raise TypeError(f"{name} is a {type(image).__name__}, but pictures are tensors. {remedy}")
    if not image.is_floating_point():
        scale = "" if image.dtype == torch.bool else f" / {_white_of(image)}"
        raise ValueError(f"{name} holds {image.dtype}, but floats in [0, 1] are needed. Pass {name}.float(){scale}.")
    if image.ndim != 4 or image.shape[1] not in (1, 3):
        raise ValueError(
            f"{name} is {list(image.shape)}, but pictures are [N, C, H, W], C of 1 or 3. {_axes(image, name)}"
        )
    if image.numel() == 0:
        raise ValueError(f"{name} is {list(image.shape)}, but there must be a pixel to look at. Pass at least one.")
    least, most = (extreme.item() for extreme in image.detach().aminmax())  # NaN if any pixel is
    if not most <= 1 + OVERSHOOT:
        if not math.isfinite(most):
            raise ValueError(f"{name} holds {most}, but every pixel must be finite. Find where it came from.")
        raise ValueError(f"{name} reaches {most:.5g}, but display values lie in [0, 1]. Divide it by {_white(most)}.")
    if not least >= -OVERSHOOT:
        raise ValueError(f"{name} goes down to {least:.5g}, but display values lie in [0, 1]. Map -1 to 0, 1 to 1.")


def _white_of(image: Tensor) -> int:
    """Guess what white is in a picture of whole numbers: by their type, or where it holds more, by the values."""
    known = {torch.uint8: 255, torch.uint16: 65535}
    return known.get(image.dtype) or _white(image.float().max().item() if image.numel() else 0)


def _white(most: float) -> int:
    return 255 if most <= 256 else 65535


def _axes(image: Tensor, name: str) -> str:
    """Give the remedy for a tensor of another layout."""
    if image.ndim == 4 and image.shape[-1] in (1, 3):
        return f"Pass {name}.permute(0, 3, 1, 2)."
    if image.ndim == 3:
        return (
            f"Pass {name}.unsqueeze(0)." if image.shape[0] in (1, 3) else f"Pass {name}.permute(2, 0, 1).unsqueeze(0)."
        )
    if image.ndim == 4 and image.shape[1] == 4:
        return f"Pass {name}[:, :3], without the alpha channel."
    return "Reshape it."


def pixels_of(picture: Tensor) -> NDArray[np.uint8]:
    """Round a picture ``[C, H, W]`` in [0, 1] to what an 8-bit file holds, ``[H, W, C]``; what strays is clipped."""
    wide = picture.detach().to(torch.promote_types(picture.dtype, torch.float32))
    return (wide.clamp(0, 1) * 255).round().to("cpu", torch.uint8).permute(1, 2, 0).numpy()


def is_one_colour(pictures: Tensor) -> Tensor:
    """Tell of pictures ``[N, C, H, W]`` which ``[N]`` are of one colour, so that no motion can be seen in them."""
    return (pictures.amax((2, 3)) == pictures.amin((2, 3))).all(dim=1)


def in_channels(coloured: Tensor, count: int) -> Tensor:
    """Give pictures ``[N, 3, H, W]`` 3 channels, or 1: the mean."""
    return coloured.mean(dim=1, keepdim=True) if count == 1 else coloured
