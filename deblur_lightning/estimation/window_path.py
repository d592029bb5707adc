"""The field of a camera that shifts and turns over a large photo, from windows of it: one kernel in each."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from deblur_lightning.estimation.climb import SCALE, Climb, Scale
from deblur_lightning.estimation.continued import continued
from deblur_lightning.estimation.edges_only import edges_only
from deblur_lightning.estimation.kernel_fit import normal_equations
from deblur_lightning.estimation.kernel_shape import shrunk
from deblur_lightning.estimation.lag_forms import gradients
from deblur_lightning.estimation.pose_density import (
    cleaned_density,
    first_density,
    likeliest_density,
    picture_angles,
    picture_poses,
    pose_field,
    resampled,
)
from deblur_lightning.estimation.poses import Poses
from deblur_lightning.estimation.pyramid import CONTRAST
from deblur_lightning.estimation.spread_windows import SIDE, centres, evened, spread_windows
from deblur_lightning.estimation.strong_edges import RELAXED, first_threshold, strong_edges
from deblur_lightning.field import KernelField

CLIMB = Climb(turns=3, last=1, sparsity=8e-3, decay=1.2)  # by more turns windows of one kernel lead astray
RIDGE = 2e-5  # squared gradient of linear light for each pixel of a window
FIRST = 6  # edges in each sector of direction at first, for each pixel of the kernel's side


@torch.no_grad()
def window_path(light: Tensor, kernel_size: int = 33) -> KernelField:
    """Estimate how a camera shifted and turned in its image plane during the exposure, from windows of a large photo.

    As `camera_path`, but in nine windows that are spread over the photo (`spread_windows`), each with the one kernel
    of its centre: the windows' sharp edges by these kernels (`edges_only`), and one density over poses for all
    windows by least squares from the strong ones among them. So the time it takes does not grow with the photo.
    Natural edges, as those of `blind_kernel`, made it worse.

    Args:
        light: the blurry picture, ``[H, W]``, linear light, on the CPU, both sides at least twice the kernel's.
        kernel_size: side K of the kernels, in pixels, odd and at least 5.

    Returns:
        A field ``[1, 25, K, K]`` whose kernels are at the nodes of a grid, as of `shake_field`.

    Source:
        That of `camera_path`; Hirsch et al. 2011 (one kernel in each window, all by one density over poses).
    """
    light, size = light.float(), light.shape  # as the kernels of poses are
    windows = spread_windows(light, window_side(size, kernel_size))
    places = torch.tensor([(x - (size[1] - 1) / 2, y - (size[0] - 1) / 2) for y, x in centres(windows)]).double()
    parts = evened(light, windows, CONTRAST)
    threshold = math.inf
    known: tuple[Tensor, Poses] | None = None
    for scale in CLIMB.of(kernel_size):
        scaled = [shrunk(part, scale.factor) for part in parts]
        poses = _poses(places, size, scale)
        density = first_density(poses) if known is None else resampled(*known, poses, 1 / SCALE)
        periodic = [continued(part, scale.size + 2) for part in scaled]
        blurry = [gradients(part) for part in scaled]
        for sparsity in scale.sparsities:
            kernels = poses.kernels(density)
            kernels = kernels / kernels.sum((1, 2), keepdim=True)
            sharp = [
                gradients(edges_only(whole, kernel, sparsity)[: part.shape[0], : part.shape[1]])
                for whole, kernel, part in zip(periodic, kernels, scaled, strict=True)
            ]
            if threshold == math.inf:
                threshold = first_threshold(torch.cat([one.flatten(1) for one in sharp], 1), FIRST * scale.size)
            sharp = [strong_edges(one, threshold) for one in sharp]
            density = fitted_to_windows(sharp, blurry, density, poses)
            threshold /= RELAXED
        known = density, poses
    return pose_field(density, picture_poses(size, kernel_size))


def window_side(size: Sequence[int], kernel_size: int) -> int:
    """Choose the side of the windows: larger for kernels of more than 40 pixels, but no larger than the picture."""
    return min(max(SIDE, 4 * kernel_size), *size)


def fitted_to_windows(sharp: Sequence[Tensor], blurry: Sequence[Tensor], density: Tensor, poses: Poses) -> Tensor:
    """Fit the time in each pose to windows' gradients, by least squares.

    Args:
        sharp: of each window, ``[2, H, W]``, linear light of a standard deviation of about 0.17.
        blurry: likewise.
        density: where to begin, ``[A, K, K]``.
        poses: that it is over, their kernels at the windows' centres.

    Returns:
        ``[A, K, K]``, not negative, unit sum, `cleaned_density`; ``density`` where nothing fits.
    """
    size = poses.kernel_size
    equations = [normal_equations(one, other, size) for one, other in zip(sharp, blurry, strict=True)]

    def apply(kernels: Tensor) -> Tensor:
        flat = zip(equations, kernels.flatten(1), strict=True)
        return torch.stack([form @ one for (form, _), one in flat]).view_as(kernels)

    wanted = torch.stack([one for _, one in equations]).view(-1, size, size)
    fitted = likeliest_density(apply, wanted, RIDGE * blurry[0][0].numel(), density, poses)
    return cleaned_density(fitted) if fitted.sum() > 0 else density


def _poses(places: Tensor, size: Sequence[int], scale: Scale) -> Poses:
    scaled = [side * scale.factor for side in size]
    return Poses(places * scale.factor, scale.size, picture_angles(scaled, scale.size))
