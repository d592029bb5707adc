"""ChosenEstimator: the motion field of a photo, put together from several estimates by a network that judges them."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.deblurring.looks import looks_of
from deblur_lightning.estimation.dense_field import candidate_fields
from deblur_lightning.estimation.kernel_shape import resized
from deblur_lightning.field import KernelField, delta_field, stack_fields
from deblur_lightning.networks.candidate_scores import CELL, CandidateScores
from deblur_lightning.physics import to_display

LARGEST = 640 * 640  # pixels that are looked at; larger photos are shrunk for it, and their fields
FAINTEST = 0.05  # share of a candidate at a pixel: below, it costs time and adds nothing


class ChosenEstimator(nn.Module):
    """Stands where a network would, as `BlindEstimator`; ours.

    Several fields are estimated without a network (`candidate_fields`). Each is undone, and a small network judges the
    results, and the picture as it is, at each pixel. The field is the candidates' mixture by its shares: dense where no
    candidate is, still where nothing moved.

    Args:
        scores: judges; untrained if None.
        kernel_size: side K of the kernels, in pixels, odd and at least 5.
    """

    def __init__(self, scores: CandidateScores | None = None, kernel_size: int = 33) -> None:
        super().__init__()
        self.scores = CandidateScores() if scores is None else scores
        self.kernel_size = kernel_size

    @torch.no_grad()
    def forward(self, light: Tensor) -> KernelField:
        """Estimate the field of pictures.

        Args:
            light: ``[N, 3 or 1, H, W]``, linear light minus 0.5.

        Returns:
            The field. Pictures of less than twice the kernels' side show too little: theirs is no motion.
        """
        if min(light.shape[-2:]) < 2 * self.kernel_size:
            return delta_field(light, self.kernel_size)
        pictures = (light.float() + 0.5).clamp(0, 1).split(1)
        return stack_fields([self.of_light(one) for one in pictures])

    def of_light(self, light: Tensor) -> KernelField:
        """Estimate the field of one picture ``[1, 3 or 1, H, W]``, linear light."""
        fields = candidate_fields(light[0].mean(0).cpu(), self.kernel_size)
        shares = self.shares(to_display(light.expand(-1, 3, -1, -1)), fields)
        return mixed([delta_field(shares, self.kernel_size), *fields], shares).to(light.device)

    def shares(self, blurry: Tensor, fields: list[KernelField]) -> Tensor:
        """Judge candidates for one picture, no motion first.

        Args:
            blurry: ``[1, 3, H, W]`` in [0, 1], display values.
            fields: of the picture, C - 1.

        Returns:
            Their shares at each pixel, ``[1, C, H, W]``, on the CPU.
        """
        size = blurry.shape[-2:]
        factor = min(1.0, math.sqrt(LARGEST / (size[0] * size[1])))
        height, width = (max(CELL, round(side * factor / CELL) * CELL) for side in size)
        small = F.interpolate(blurry.cpu(), size=(height, width), mode="bilinear", antialias=True)
        device = next(self.scores.parameters()).device
        seen = looks_of(small, [shrunken(field, height, width) for field in fields])
        scores = self.scores(small.to(device), type(seen)(*(part.to(device) for part in seen)))
        return F.interpolate(scores.softmax(dim=1).cpu(), size=size, mode="bilinear")


def shrunken(field: KernelField, height: int, width: int) -> KernelField:
    """Return the field of the picture at another size, at most its own; kernels keep their side.

    Args:
        field: of one picture.
        height: of the picture then.
        width: likewise.
    """
    factor = math.sqrt(height * width / math.prod(field.coefficients.shape[-2:]))
    coefficients = F.interpolate(field.coefficients, size=(height, width), mode="bilinear", antialias=True)
    if factor == 1:
        return field._replace(coefficients=coefficients)
    side = max(5, math.ceil(field.kernel_size * factor) | 1)
    kernels = torch.stack([resized(kernel, side, factor) for kernel in field.basis[0]])
    return KernelField(kernels[None], coefficients)


def mixed(fields: list[KernelField], shares: Tensor) -> KernelField:
    """Mix fields of one picture, each ``[1, B, K, K]``, by their shares ``[1, C, H, W]`` at each pixel.

    Shares below a twentieth are left out, and basis kernels that no pixel uses.
    """
    kept = torch.where(shares < FAINTEST, 0, shares)
    kept = kept / kept.sum(dim=1, keepdim=True)
    coefficients = [field.coefficients * share for field, share in zip(fields, kept.split(1, dim=1), strict=True)]
    return KernelField(torch.cat([field.basis for field in fields], dim=1), torch.cat(coefficients, dim=1)).used()
