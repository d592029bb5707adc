"""The PSNR loss of direct restorers (Chen et al. 2021 and 2022)."""

import torch
from torch import Tensor


def psnr_loss(restored: Tensor, sharp: Tensor, floor: float = 1e-5) -> Tensor:
    """Average ``10 log10`` of each picture's mean squared error: its negative is the mean PSNR, but for the floor.

    A picture counts by the *share* of its error that is taken away, so dark and easy ones count as much as others. The
    floor keeps those that are nearly right already from counting for more and more: published 1e-8; 1e-5 pays hardly
    anything above 50 dB.

    Args:
        restored: ``[N, C, H, W]``, display values.
        sharp: likewise, in [0, 1].
        floor: added to each picture's mean squared error.

    Returns:
        A scalar, in dB; float32 or wider.

    Raises:
        ValueError: shapes that differ.

    Source:
        ``PSNRLoss`` of the authors' code (HINet, arXiv 2105.06086; NAFNet, arXiv 2204.04676).
    """
    if restored.shape != sharp.shape:
        raise ValueError(f"restored is {list(restored.shape)}, but sharp is {list(sharp.shape)}. Pass pictures alike.")
    wide = torch.promote_types(torch.promote_types(restored.dtype, sharp.dtype), torch.float32)
    error = (restored.to(wide) - sharp.to(wide)).square().flatten(1).mean(dim=1)
    return 10 * (error + floor).log10().mean()
