"""How long a camera stayed in each pose, as a density over poses: begun, fitted, cleaned, and the field it makes."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation.climb import short_line
from deblur_lightning.estimation.kernel_fit import FEW_DESCENTS, nonnegative_minimum
from deblur_lightning.estimation.kernel_shape import beside_centre, large_parts
from deblur_lightning.estimation.poses import GridPoses, Poses, turning_angles
from deblur_lightning.field import KernelField

GRID = 5  # nodes in each direction; between 3 the kernels of a turning camera differ too much to be mixed
REACH = 0.8  # of the kernel's radius, in corners' pixels: as far as turning alone may lead, to both sides
THRESHOLD = 0.03  # of the density's largest value: below is noise
LEAST_PART = 0.1  # of the time: smaller separate parts are noise


def picture_angles(size: Sequence[float], kernel_size: int) -> Tensor:
    """List the angles ``[A]`` that a camera may have turned by, for a picture of height and width ``size``."""
    height, width = size
    return turning_angles((height, width), REACH * (kernel_size // 2))


def picture_poses(size: Sequence[int], kernel_size: int) -> GridPoses:
    """List the poses that a camera may have taken, for the field of a picture of height and width ``size``."""
    height, width = size
    return GridPoses((height, width), kernel_size, picture_angles(size, kernel_size), GRID)


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


def likeliest_density(
    apply: Callable[[Tensor], Tensor], wanted: Tensor, ridge: float, density: Tensor, poses: Poses
) -> Tensor:
    """Find the density whose kernels k minimise ``k' Q k - 2 w' k + ridge |k|^2``.

    Args:
        apply: multiplies kernels ``[P, K, K]`` by Q.
        wanted: w, ``[P, K, K]``.
        ridge: added to Q's diagonal.
        density: where to begin, ``[A, K, K]``.
        poses: that it is over.

    Returns:
        ``[A, K, K]``, not negative, of any sum.
    """
    form = _PoseForm(apply, poses, ridge)
    found = nonnegative_minimum(form, poses.transposed(wanted).flatten(), density.flatten(), FEW_DESCENTS)
    return found.view_as(density)


def cleaned_density(density: Tensor) -> Tensor:
    """Drop values below a share of the largest, then separate parts with little time; centre and normalise."""
    kept = large_parts(torch.where(density < THRESHOLD * density.max(), 0, density), LEAST_PART)
    kept = kept / kept.sum()
    down, right = beside_centre(kept.sum(0))
    return kept.roll((-round(down), -round(right)), (1, 2))


def resampled(density: Tensor, before: Poses, after: Poses, factor: float) -> Tensor:
    """Sample a density anew for the poses of a picture that is larger by a factor, ``[A, K, K]``, unit sum."""
    size, count = after.kernel_size, len(before.angles)
    shift = (torch.arange(size) - size // 2) / (factor * before.kernel_size / 2)
    widest = before.angles[-1] * count / max(1, count - 1) if count > 1 else 1.0  # -1 and 1 are ends of outer cells
    place = torch.stack(torch.meshgrid(after.angles / widest, shift, shift, indexing="ij")[::-1], -1).to(density)
    sampled = F.grid_sample(density[None, None], place[None], align_corners=False)[0, 0]
    return sampled / sampled.sum()


class _PoseForm:
    """A quadratic form of kernels as one in the density over poses that makes them, a ridge on the kernels included."""

    def __init__(self, apply: Callable[[Tensor], Tensor], poses: Poses, ridge: float) -> None:
        self.apply, self.poses, self.ridge = apply, poses, ridge

    def __matmul__(self, density: Tensor) -> Tensor:
        kernels = self.poses.kernels(density.view(-1, self.poses.kernel_size, self.poses.kernel_size))
        return self.poses.transposed(self.apply(kernels).add(kernels, alpha=self.ridge)).flatten()
