"""Parts of a picture that moved each in its own way, told from how far and which way their kernels spread."""

import torch
import torch.nn.functional as F
from torch import Tensor

STILL, MARGIN = (
    1.0,
    0.3,
)  # pixels of spread, both axes together, at which half is believed to have moved; how fast it grows
LEAST = 0.03  # of the picture: smaller parts show too few edges
APART = 2.0  # pixels between two parts' spreads, at least
DISTINCT = 4.0  # times the spreads' deviation within the parts; halves of what changes evenly stand 3.5 apart
NEIGHBOURS = 2.0  # cells: standard deviation of the neighbourhood that decides a cell's part


def moved_share(spread: Tensor, size: tuple[int, int]) -> Tensor:
    """Tell how far each pixel is believed to have moved at all, ``[H, W]`` in [0, 1].

    Args:
        spread: ``[3, h, w]`` as of `field_spread`, in pixels.
        size: H and W of the picture that it is of.
    """
    return torch.sigmoid((_full(spread[:2].sum(0, keepdim=True), size)[0] - STILL) / MARGIN)


def moving_parts(spread: Tensor, size: tuple[int, int]) -> Tensor:
    """Part what moved into two, where two kinds of spread stand clearly apart.

    Args:
        spread: ``[3, h, w]`` as of `field_spread`, in pixels.
        size: H and W of the picture that it is of.

    Returns:
        Shares ``[P, H, W]`` of one or two parts, which sum to 1, whether they moved or not.
    """
    from scipy.cluster.vq import kmeans2
    from scipy.ndimage import gaussian_filter

    whole = torch.ones(1, *size)
    moved = spread[:2].sum(0) > STILL
    if moved.float().mean() < 2 * LEAST:
        return whole
    values = spread[:, moved].T.double().numpy()
    if not values.std(0).any():
        return whole
    centres, labels = kmeans2(values, 2, minit="++", seed=0)
    within = float(((values - centres[labels]) ** 2).sum(1).mean() ** 0.5)
    between = float(((centres[0] - centres[1]) ** 2).sum() ** 0.5)
    if not between > max(APART, DISTINCT * within):
        return whole
    nearer = (spread.unsqueeze(0) - torch.from_numpy(centres).float()[:, :, None, None]).norm(dim=1)
    score = torch.where(moved, nearer[0] - nearer[1], 0.0).numpy()
    second = torch.from_numpy(gaussian_filter(score, NEIGHBOURS, mode="nearest")) > 0
    if not LEAST < second[moved].float().mean() < 1 - LEAST:
        return whole
    share = _full(second[None].float(), size)
    return torch.cat((1 - share, share))


def _full(cells: Tensor, size: tuple[int, int]) -> Tensor:
    """Interpolate cells of 4 x 4 pixels to pixels, ``[C, h, w] -> [C, H, W]``."""
    height, width = size
    scale = -(-height // cells.shape[-2]), -(-width // cells.shape[-1])
    full = F.interpolate(cells[None], scale_factor=scale, mode="bilinear", align_corners=False)[0]
    return full[:, :height, :width]
