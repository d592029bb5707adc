"""The field of a camera that shifts and turns, from nothing but the blurry picture: its time in each pose."""

import torch
from torch import Tensor

from deblur_lightning.estimation.climb import SCALE, Climb
from deblur_lightning.estimation.field_edges import field_edges
from deblur_lightning.estimation.kernel_shape import shrunk
from deblur_lightning.estimation.lag_forms import lag_forms
from deblur_lightning.estimation.pose_density import (
    cleaned_density,
    first_density,
    likeliest_density,
    picture_poses,
    pose_field,
    resampled,
)
from deblur_lightning.estimation.poses import GridPoses, Poses
from deblur_lightning.estimation.pyramid import CONTRAST, LEAST_CONTRAST
from deblur_lightning.field import KernelField

CLIMB = Climb(turns=4, last=1, sparsity=4e-3, decay=1.2)
FITS = 2  # of the density to each sharp picture: its form is exact for the kernels it was taken at alone
RIDGE = 1e-5  # squared gradient of linear light for each pixel, counted on the finest scale


@torch.no_grad()
def camera_path(light: Tensor, kernel_size: int = 33) -> KernelField:
    """Estimate how a camera shifted and turned in its image plane during the exposure, from the picture alone.

    From coarse to fine, in turn: the picture's sharp edges by the present field (`field_edges`), and the time that
    the camera spent in each pose (`Poses`) by least squares from them. One density over poses speaks for all pixels,
    so that each part of the picture helps to find the kernels of all others.

    Args:
        light: the blurry picture, ``[H, W]``, linear light, on the CPU, both sides at least twice the kernel's.
        kernel_size: side K of the kernels, in pixels, odd and at least 5.

    Returns:
        A field ``[1, 25, K, K]`` whose kernels are at the nodes of a grid, as of `shake_field`.

    Source:
        Whyte et al. 2010 and Gupta et al. 2010 (a density over poses instead of a kernel); the alternation is that
        of `blind_kernel`, on a schedule of its own.
    """
    light = light.float()  # as the kernels of poses are
    light, ridge = light * (CONTRAST / max(light.std().item(), LEAST_CONTRAST)), RIDGE * light.numel()
    known: tuple[Tensor, Poses] | None = None
    for scale in CLIMB.of(kernel_size):
        scaled = shrunk(light, scale.factor)
        poses = picture_poses(scaled.shape, scale.size)
        density = first_density(poses) if known is None else resampled(*known, poses, 1 / SCALE)
        for sparsity in scale.sparsities:
            sharp = field_edges(scaled, pose_field(density, poses), sparsity)
            density = fitted_density(sharp, scaled, density, poses, ridge)
        known = density, poses
    return pose_field(density, poses)


def fitted_density(sharp: Tensor, light: Tensor, density: Tensor, poses: GridPoses, ridge: float) -> Tensor:
    """Fit the time in each pose to a sharp picture, by least squares in the gradients.

    Args:
        sharp: ``[H + K - 1, W + K - 1]``, linear light.
        light: the blurry picture, ``[H, W]``.
        density: where to begin, ``[A, K, K]``.
        poses: that it is over.
        ridge: squared gradient, summed over pixels.

    Returns:
        ``[A, K, K]``, not negative, unit sum, `cleaned_density`.
    """
    start, lags = density, None
    for _ in range(FITS):
        forms = lag_forms(sharp, light, KernelField(poses.kernels(density)[None], poses.shares[None]), lags=lags)
        lags = forms.lags
        density = likeliest_density(forms.apply, forms.wanted, ridge, density, poses)
    return cleaned_density(density) if density.sum() > 0 else cleaned_density(start)
