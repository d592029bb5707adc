"""The field of a camera that shifts and turns, from nothing but the blurry picture: its time in each pose."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation.field_edges import field_edges
from deblur_lightning.estimation.kernel_fit import nonnegative_minimum
from deblur_lightning.estimation.kernel_shape import beside_centre, shrunk
from deblur_lightning.estimation.lag_forms import lag_forms
from deblur_lightning.estimation.poses import GridPoses, Poses, turning_angles
from deblur_lightning.estimation.pyramid import SCALE, scales, short_line
from deblur_lightning.field import KernelField
from deblur_lightning.physics import BlurOperator

GRID = 5  # nodes in each direction; between 3 the kernels of a turning camera differ too much to be mixed
REACH = 0.8  # of the kernel's radius, in corners' pixels: as far as turning alone may lead, to both sides
TURNS = 3  # on each scale but the finest
SPARSITY, DECAY, FAINTEST = 8e-3, 1.2, 1e-4  # of edges at first, from turn to turn, at least
FITS = 2  # of the density to each sharp picture: its form is exact for the kernels it was taken at alone
DESCENTS = 40
RIDGE = 2.0  # squared gradient, summed over pixels of linear light
THRESHOLD = 0.03  # of the density's largest value: below is noise
LEAST_PART = 0.1  # of the time: smaller separate parts are noise


@torch.no_grad()
def camera_path(light: Tensor, kernel_size: int = 33) -> KernelField:
    """Estimate how a camera shifted and turned in its image plane during the exposure, from the picture alone.

    From coarse to fine, in turn: the picture's sharp edges by the present field (`field_edges`), and the time that
    the camera spent in each pose (`Poses`) by least squares from them. One density over poses speaks for all pixels,
    so that each part of the picture helps to find the kernels of all others.

    Args:
        light: the blurry picture, ``[H, W]``, linear light, both sides at least twice the kernel's.
        kernel_size: side K of the kernels, in pixels, odd and at least 5.

    Returns:
        A field ``[1, 25, K, K]`` whose kernels are at the nodes of a grid, as of `shake_field`.

    Source:
        Whyte et al. 2010 and Gupta et al. 2010 (a density over poses instead of a kernel); the alternation and the
        schedule are those of `blind_kernel`.
    """
    sizes, sparsity = scales(kernel_size), SPARSITY
    poses = picture_poses(shrunk(light, SCALE ** (len(sizes) - 1)).shape, sizes[-1])
    density = first_density(poses)
    for scale in reversed(range(len(sizes))):
        scaled = shrunk(light, SCALE**scale)
        if scale < len(sizes) - 1:
            before, poses = poses, picture_poses(scaled.shape, sizes[scale])
            density = resampled(density, before, poses, 1 / SCALE)
        for _ in range(TURNS if scale else 1):
            sharp = field_edges(scaled, BlurOperator(pose_field(density, poses), "valid", check_values=False), sparsity)
            density = fitted_density(sharp, scaled, density, poses)
            sparsity = max(sparsity / DECAY, FAINTEST)
    return pose_field(density, poses)


def picture_poses(size: Sequence[int], kernel_size: int) -> GridPoses:
    """List the poses that a camera may have taken, for the field of a picture of height and width ``size``."""
    height, width = size
    return GridPoses((height, width), kernel_size, turning_angles((height, width), REACH * (kernel_size // 2)), GRID)


def first_density(poses: Poses) -> Tensor:
    """Guess that the camera shifted a little and did not turn, ``[A, K, K]``."""
    density = torch.zeros(len(poses.angles), poses.kernel_size, poses.kernel_size)
    density[len(density) // 2] = short_line(poses.kernel_size)
    return density


def pose_field(density: Tensor, poses: GridPoses) -> KernelField:
    """Make the field of a density over poses.

    Args:
        density: ``[A, K, K]``, time spent in each pose.
        poses: that it is over.

    Returns:
        ``[1, B, K, K]`` and ``[1, B, H, W]``.
    """
    kernels = poses.kernels(density)
    return KernelField((kernels / kernels.sum((1, 2), keepdim=True)).unsqueeze(0), poses.shares.unsqueeze(0))


def fitted_density(sharp: Tensor, light: Tensor, density: Tensor, poses: GridPoses) -> Tensor:
    """Fit the time in each pose to a sharp picture, by least squares in the gradients.

    Args:
        sharp: ``[H + K - 1, W + K - 1]``, linear light.
        light: the blurry picture, ``[H, W]``.
        density: where to begin, ``[A, K, K]``.
        poses: that it is over.

    Returns:
        ``[A, K, K]``, not negative, unit sum, `cleaned_density`.
    """
    start = density
    for _ in range(FITS):
        forms = lag_forms(sharp, light, KernelField(poses.kernels(density)[None], poses.shares[None]))
        fitted = nonnegative_minimum(
            PoseForm(forms.apply, poses, RIDGE), poses.transposed(forms.wanted).flatten(), density.flatten(), DESCENTS
        )
        density = fitted.view_as(density)
    return cleaned_density(density) if density.sum() > 0 else cleaned_density(start)


def cleaned_density(density: Tensor) -> Tensor:
    """Drop values below a share of the largest, then separate parts with little time; centre and normalise."""
    from scipy import ndimage

    kept = torch.where(density < THRESHOLD * density.max(), 0, density)
    values = kept.numpy(force=True)
    parts, _ = ndimage.label(values > 0, structure=np.ones((3, 3, 3)))
    time = np.bincount(parts.ravel(), values.ravel())
    kept = kept * torch.from_numpy(time >= min(LEAST_PART * time.sum(), time.max()))[torch.from_numpy(parts)]
    kept = kept / kept.sum()
    down, right = beside_centre(kept.sum(0))
    return kept.roll((-round(down), -round(right)), (1, 2))


def resampled(density: Tensor, before: Poses, after: Poses, factor: float) -> Tensor:
    """Sample a density anew for the poses of a picture that is larger by a factor, ``[A, K, K]``, unit sum."""
    size = after.kernel_size
    shift = (torch.arange(size) - size // 2) / (factor * before.kernel_size / 2)
    step = before.angles[-1] * len(before.angles) / max(1, len(before.angles) - 1) if len(before.angles) > 1 else 1.0
    place = torch.stack(torch.meshgrid(after.angles / step, shift, shift, indexing="ij")[::-1], -1).to(density)
    sampled = F.grid_sample(density[None, None], place[None], align_corners=False)[0, 0]
    return sampled / sampled.sum()


class PoseForm:
    """A quadratic form of kernels as one in the density over poses that makes them, a ridge on the kernels included.

    Args:
        apply: multiplies the kernels, ``[P, K, K]``, by the form.
        poses: that the density is over.
        ridge: added to the form's diagonal.
    """

    def __init__(self, apply: Callable[[Tensor], Tensor], poses: Poses, ridge: float) -> None:
        self.apply, self.poses, self.ridge = apply, poses, ridge

    def __matmul__(self, density: Tensor) -> Tensor:
        kernels = self.poses.kernels(density.view(-1, self.poses.kernel_size, self.poses.kernel_size))
        return self.poses.transposed(self.apply(kernels).add(kernels, alpha=self.ridge)).flatten()
