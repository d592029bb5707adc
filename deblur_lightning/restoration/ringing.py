"""A restored picture may not stray far from what the blurry one shows nearby."""

import torch.nn.functional as F
from torch import Tensor


def limit_ringing(restored: Tensor, blurry: Tensor, radius: int, allowance: float = 1.0) -> Tensor:
    """Hold restored values within the blurry picture's local range, widened.

    Ringing shows where the blurry picture is nearly even: there the local range is small, and so is what may be
    added to it. Around edges, where restoring must overshoot what blur averaged, the range is wide.

    Args:
        restored: ``[N, C, H, W]``.
        blurry: of the same shape and units.
        radius: of the square neighbourhood, in pixels; K // 2 sees as far as the kernels.
        allowance: overshoot allowed below and above, as a share of the local range.

    Returns:
        ``restored``, limited.
    """
    side = 2 * radius + 1
    high = _pooled(blurry, side)
    low = -_pooled(-blurry, side)
    slack = (high - low) * allowance
    return restored.clamp(low - slack, high + slack)


def _pooled(image: Tensor, side: int) -> Tensor:
    across = F.max_pool2d(image, (1, side), stride=1, padding=(0, side // 2))
    return F.max_pool2d(across, (side, 1), stride=1, padding=(side // 2, 0))
