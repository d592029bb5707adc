"""Methods that need no weights: what anyone's method is to be compared with."""

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.estimation import blind_kernel
from deblur_lightning.field import KernelField
from deblur_lightning.physics import to_linear
from deblur_lightning.restoration import deconvolve, richardson_lucy

KERNEL_SIZE = 33


def unchanged(blurry: Tensor) -> Tensor:
    """Do nothing: what every method is to be better than."""
    return blurry


def sharpened(blurry: Tensor) -> Tensor:
    """Mask unsharply, as photo programs do: what can be had without knowing the motion.

    Of 16 pairs of radius and amount, this one gained most (0.14 dB) on the training photographs under `shake_field`.
    """
    from skimage.filters import unsharp_mask

    masked = [unsharp_mask(plane, radius=5, amount=0.25) for plane in blurry.flatten(0, 1).double().numpy()]
    return torch.tensor(np.stack(masked)).view_as(blurry).float()


def uniform_field(blurry: Tensor) -> KernelField:
    """See one motion for the whole picture: the blind kernel of its brightness.

    Args:
        blurry: ``[1, C, H, W]`` in [0, 1], display values.

    Raises:
        ValueError: a side is below twice the kernel's.
    """
    light = to_linear(blurry).mean(dim=1)[0]
    kernel = blind_kernel(light, KERNEL_SIZE)
    return KernelField(kernel[None, None].to(blurry), torch.ones_like(blurry[:, :1]))


def uniform_richardson_lucy(blurry: Tensor) -> Tensor:
    """Undo the blind kernel by 30 updates of Richardson-Lucy."""
    return richardson_lucy(blurry, uniform_field(blurry))


def uniform_deconvolve(blurry: Tensor) -> Tensor:
    """Undo the blind kernel with a preference for few, sharp edges."""
    return deconvolve(blurry, uniform_field(blurry))


BASELINES = {
    "blurry": (unchanged, "blurry"),
    "unsharp": (sharpened, "unsharp masking (scikit-image)"),
    "richardson-lucy": (uniform_richardson_lucy, "one blind kernel, Richardson-Lucy"),
    "deconvolve": (uniform_deconvolve, "one blind kernel, hyper-Laplacian"),
}
"""What restores, and its name in tables, by the names that `deblur score --baseline` takes."""
