"""Agreed: a field is gone along with where a network that sees each place by itself agrees with it; ours."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.deblurring.restorers import Restored, Restorer
from deblur_lightning.deblurring.unrolled import UnrolledRestorer
from deblur_lightning.estimation import reaches
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.networks import CellKernelNetwork
from deblur_lightning.networks.cell_kernels import GAMMA
from deblur_lightning.physics import to_linear

MOVED = 0.2  # of a place's light that stays on its pixel: with no more than this, the photo does not count
APART, DOUBT = 1.5, 0.5  # pixels between both reaches of a kernel: then it is believed by half; how fast belief falls


class Agreed(Restorer):
    """Ask a network that sees each place whether something moved there, and as far as the field says.

    An estimated field may see motion where there is none, or the wrong one, or miss a small object. `CellKernelNetwork`
    is right about how far something moved, but blurred about how. So the field's kernels are for the restorer; where
    they reach much further than the network says, or less far, what the restorer's direct network makes of the photo
    stands instead, for it needs no field. And as much of the photo stays as the network says that light stayed on its
    pixel: a network that restores changes sharp pictures a little too. Pictures that fade to black at their borders,
    which the network has hardly seen, are left to the restorer.

    Args:
        restorer: undoes the motion. Without a direct network the photo itself stands where the field is not believed.
        network: sees each place.
    """

    def __init__(self, restorer: UnrolledRestorer, network: CellKernelNetwork) -> None:
        super().__init__()
        self.restorer, self.network = restorer, network

    @property
    def fading(self) -> str:
        """As its restorer does."""
        return f"by {'Richardson-Lucy' if self.restorer.direct is None else 'its direct network'} alone"

    def forward(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Tensor:
        return self.judged(blurry, field, exposure).picture

    @torch.no_grad()
    def judged(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Restored:
        if exposure.fades:
            return Restored(self.restorer(blurry, field, exposure))
        restored, without = self.restorer.with_and_without(blurry, field, exposure)
        size = blurry.shape[-2:]
        cells = self.network.cells(blurry.float().expand(-1, 3, -1, -1))
        belief = self.network.spread(believed(cells, field), size)
        trust = ((1 - self.network.spread(stayed(cells), size)) / (1 - MOVED)).clamp(max=1)
        flat = blurry.amax((1, 2, 3), keepdim=True) == blurry.amin((1, 2, 3), keepdim=True)
        trust = trust.masked_fill(flat, 0)  # one value shows no motion
        return Restored(blurry + trust * (without + belief * (restored - without) - blurry), trust)

    @torch.no_grad()
    def seen(self, blurry: Tensor, exposure: Exposure) -> KernelField | None:
        """Right about how far, blurred about how; None of pictures that fade."""
        if exposure.fades:
            return None
        field: KernelField = self.network(to_linear(blurry.float(), GAMMA) - 0.5)
        return field


def stayed(cells: Tensor) -> Tensor:
    """Tell what share of each cell's light stayed on its pixel, ``[N, K * K, rows, columns] -> [N, 1, …]``."""
    centre = cells.shape[1] // 2
    return cells[:, centre : centre + 1]


def believed(cells: Tensor, field: KernelField) -> Tensor:
    """Tell how far to believe a field's kernels in each cell, by how far they reach.

    Args:
        cells: what the network tells of each, ``[N, K * K, rows, columns]``.
        field: of the same pictures.

    Returns:
        ``[N, 1, rows, columns]`` in [0, 1].
    """
    apart = (reach_of(cells) - reach_of(cells_of(field, cells.shape[-2:]))).abs()
    around = F.avg_pool2d(apart, 3, 1, 1, count_include_pad=False)
    return torch.sigmoid((APART - around) / DOUBT)


def reach_of(cells: Tensor) -> Tensor:
    """Measure how far the light of each cell's kernel is from its centre, see `reaches`; ``[N, 1, rows, columns]``."""
    count, pixels, rows, columns = cells.shape
    size = round(pixels**0.5)
    kernels = cells.permute(0, 2, 3, 1).reshape(-1, size, size)
    return reaches(kernels).view(count, 1, rows, columns)


def cells_of(field: KernelField, grid: Sequence[int]) -> Tensor:
    """Give a field's mean kernels in the cells of a grid over its pictures, ``[N, K * K, rows, columns]``."""
    shares = F.adaptive_avg_pool2d(field.coefficients, (grid[0], grid[1]))
    return torch.einsum("nbp,nbhw->nphw", field.basis.flatten(2), shares)
