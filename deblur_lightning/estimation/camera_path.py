"""The field of a camera that shifts and turns, from nothing but the blurry picture: its time in each pose."""

from typing import NamedTuple

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
from deblur_lightning.estimation.poses import GridPoses
from deblur_lightning.estimation.pyramid import CONTRAST, LEAST_CONTRAST
from deblur_lightning.field import KernelField

CLIMB = Climb(turns=4, last=1, sparsity=4e-3, decay=1.2)
FITS = 2  # of the density to each sharp picture: its form is exact for the kernels it was taken at alone
RIDGE = 1e-5  # squared gradient of linear light for each pixel, counted on the finest scale


class CameraPath(NamedTuple):
    """How long a camera stayed in each pose, as a picture tells it.

    Attributes:
        light: the picture, ``[H, W]``, linear light of even contrast.
        poses: of the picture.
        density: time in each, ``[A, K, K]``.
        sparsity: what an edge cost in the last turn, in squared light.
    """

    light: Tensor
    poses: GridPoses
    density: Tensor
    sparsity: float

    @property
    def field(self) -> KernelField:
        """The field ``[1, 25, K, K]``, whose kernels are at the nodes of a grid, as of `shake_field`."""
        return pose_field(self.density, self.poses)

    @torch.no_grad()
    def further(self, turns: int) -> "CameraPath":
        """Find the sharp edges and the path some more times in turn, on the picture's own scale."""
        density = self.density
        for _ in range(turns):
            density = _turned(self.light, density, self.poses, self.sparsity, RIDGE * self.light.numel())
        return self._replace(density=density)


def camera_path(light: Tensor, kernel_size: int = 33) -> KernelField:
    """Give the field of `found_path`."""
    return found_path(light, kernel_size).field


@torch.no_grad()
def found_path(light: Tensor, kernel_size: int = 33) -> CameraPath:
    """Estimate how a camera shifted and turned in its image plane during the exposure, from the picture alone.

    From coarse to fine, in turn: the picture's sharp edges by the present field (`field_edges`), and the time that
    the camera spent in each pose (`Poses`) by least squares from them. One density over poses speaks for all pixels,
    so that each part of the picture helps to find the kernels of all others.

    Args:
        light: the blurry picture, ``[H, W]``, linear light, on the CPU, both sides at least twice the kernel's.
        kernel_size: side K of the kernels, in pixels, odd and at least 5.

    Source:
        Whyte et al. 2010 and Gupta et al. 2010 (a density over poses instead of a kernel); the alternation is that
        of `blind_kernel`, on a schedule of its own.
    """
    light = light.float()  # as the kernels of poses are
    light, ridge = light * (CONTRAST / max(light.std().item(), LEAST_CONTRAST)), RIDGE * light.numel()
    known: tuple[Tensor, GridPoses] | None = None
    for scale in CLIMB.of(kernel_size):
        scaled = shrunk(light, scale.factor)
        poses = picture_poses(scaled.shape, scale.size)
        density = first_density(poses) if known is None else resampled(*known, poses, 1 / SCALE)
        for sparsity in scale.sparsities:
            density = _turned(scaled, density, poses, sparsity, ridge)
        known = density, poses
    return CameraPath(scaled, poses, density, sparsity)


def _turned(light: Tensor, density: Tensor, poses: GridPoses, sparsity: float, ridge: float) -> Tensor:
    """Find the sharp edges by a path, then the path by them."""
    return fitted_density(field_edges(light, pose_field(density, poses), sparsity), light, density, poses, ridge)


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
