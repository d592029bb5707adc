"""SensedEstimator: the photo's own kernels, where a network that sees each place says that something moved."""

import torch
from torch import Tensor

from deblur_lightning.deblurring.blind import BlindEstimator
from deblur_lightning.field import KernelField, delta_field, stack_fields
from deblur_lightning.networks import CellKernelNetwork

NOTHING = 0.97  # of a field's light on its kernels' central pixels: above, no motion was seen
SURELY_STILL, HARDLY = 0.95, 0.75  # of a place's light where the network says it stayed: nothing moved there, all did


class SensedEstimator(BlindEstimator):
    """Estimate kernels as `BlindEstimator` does, and ask a network at each place whether they can be right; ours.

    `dense_field` finds sharp kernels, but mostly one for the whole photo, and calls a photo still that has a small
    object moving in it. `CellKernelNetwork` knows at each place how far something moved, but not sharply which way. So
    the kernels are the former's, where the latter says that something moved at all, and its own where the former saw
    nothing.

    Args:
        network: sees each place.
        kernel_size: side K of the kernels, in pixels: the network's.
    """

    def __init__(self, network: CellKernelNetwork, kernel_size: int = 33) -> None:
        super().__init__(kernel_size)
        self.network = network

    @torch.no_grad()
    def forward(self, light: Tensor) -> KernelField:
        found = super().forward(light)
        if min(light.shape[-2:]) < 2 * self.kernel_size:
            return found
        sensed: KernelField = self.network(light)
        pairs = zip(
            zip(*(part.split(1) for part in found), strict=True),
            zip(*(part.split(1) for part in sensed), strict=True),
            strict=True,
        )
        return stack_fields([agreed(KernelField(*one), KernelField(*other)) for one, other in pairs])


def agreed(found: KernelField, sensed: KernelField) -> KernelField:
    """Let a field of one picture hold only where another one says that something moved.

    Args:
        found: of sharp kernels, ``[1, B, …]``.
        sensed: of the same picture, right about where rather than about how, ``[1, …]``.

    Returns:
        ``found``, mixed with no blur where ``sensed`` has its light stay; ``sensed`` where ``found`` has no motion.
    """
    if stayed(found).mean() > NOTHING:
        return sensed
    moved = ((SURELY_STILL - stayed(sensed)) / (SURELY_STILL - HARDLY)).clamp(0, 1)
    if moved.min() == 1:
        return found
    still = delta_field(found.coefficients[:, :1], found.kernel_size)
    return KernelField(
        torch.cat((still.basis, found.basis), dim=1), torch.cat((1 - moved, moved * found.coefficients), dim=1)
    )


def stayed(field: KernelField) -> Tensor:
    """Tell what share of each pixel's light stays on it, ``[N, 1, H, W]``."""
    centre = field.kernel_size // 2
    return torch.einsum("nb,nbhw->nhw", field.basis[..., centre, centre], field.coefficients).unsqueeze(1)
