"""The luma that tables "on the Y channel" are about."""

import torch
from torch import Tensor

from deblur_lightning.image import check_image

WEIGHTS = (65.481, 128.553, 24.966)  # of R, G and B in [0, 1], for levels of 255
BLACK = 16.0


def luma(image: Tensor) -> Tensor:
    """Give the luma Y of studio video, as MATLAB's rgb2ycbcr and ``skimage.color.rgb2ycbcr`` do, not rounded.

    Black is 16/255 and white 235/255: errors shrink by 219/255, so that figures are 1.32 dB above those of a luma over
    the full range.

    Args:
        image: ``[N, 3 or 1, H, W]`` in [0, 1]; gray pictures are taken as they are.

    Returns:
        ``[N, 1, H, W]``, float64.

    Raises:
        ValueError: another range of values, see `check_image`.

    Source:
        ITU-R BT.601.
    """
    check_image(image)
    if image.shape[1] == 1:
        return image.double()
    weights = torch.tensor(WEIGHTS, dtype=torch.float64, device=image.device).view(1, 3, 1, 1)
    return ((image.double() * weights).sum(dim=1, keepdim=True) + BLACK) / 255
