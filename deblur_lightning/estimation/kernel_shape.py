"""What keeps an estimated kernel one: clean, centred, of the right size."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

LEAST_PART = 0.1  # of the kernel's light: smaller separate parts are noise


def cleaned(kernel: Tensor, threshold: float) -> Tensor:
    """Drop values below a share of the largest, then separate parts with little light; centre and normalise."""
    from scipy import ndimage

    kept = torch.where(kernel < threshold * kernel.max(), 0, kernel)
    values = kept.numpy(force=True)
    parts, _ = ndimage.label(values > 0, structure=[[1] * 3] * 3)
    light = np.bincount(parts.ravel(), values.ravel())
    large = light >= min(LEAST_PART * light.sum(), light.max())
    kept = kept * torch.from_numpy(large[parts]).to(kept.device)
    return centred(kept / kept.sum())


def centred(kernel: Tensor) -> Tensor:
    """Move a kernel by whole pixels so that its centre of mass is at the central pixel."""
    down, right = beside_centre(kernel)
    return kernel.roll((-round(down), -round(right)), (0, 1))


def resized(kernel: Tensor, size: int, factor: float) -> Tensor:
    """Sample a kernel anew for a picture resized by a factor, around its centre, ``[size, size]``, unit sum."""
    reach = (torch.arange(size, device=kernel.device) - size // 2) / (factor * kernel.shape[-1] / 2)
    grid = torch.stack(torch.meshgrid(reach, reach, indexing="xy"), -1).to(kernel)
    sampled = F.grid_sample(kernel[None, None], grid[None], align_corners=False)[0, 0]
    return sampled / sampled.sum()


def shrunk(plane: Tensor, factor: float) -> Tensor:
    """Resize a picture ``[H, W]`` by a factor of at most 1."""
    if factor == 1:
        return plane
    size = [max(1, round(side * factor)) for side in plane.shape]
    return F.interpolate(plane[None, None], size=size, mode="bilinear", antialias=True)[0, 0]


def beside_centre(kernel: Tensor) -> tuple[float, float]:
    """Measure how far a kernel's centre of mass is below and to the right of its central pixel, in pixels."""
    steps = torch.arange(kernel.shape[-1], device=kernel.device) - kernel.shape[-1] // 2
    down, right = ((kernel.sum(1 - axis) * steps).sum().item() for axis in (0, 1))
    return down, right
