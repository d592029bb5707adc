"""What AdaptiveBasisModule adds to its network and its losses."""

import torch

from deblur_lightning.field import KernelField
from deblur_lightning.modules import AdaptiveBasisModule


def test_pictures_that_hardly_moved_are_returned_as_they_are():
    module = AdaptiveBasisModule(1, 9, 8, iterations=3, still=0.5)
    blurry = torch.rand(2, 3, 40, 44, generator=torch.Generator().manual_seed(0))
    basis = torch.zeros(2, 1, 9, 9)
    basis[0, 0, 4, 4], basis[0, 0, 4, 5] = 0.6, 0.4
    basis[1, 0, 4, 3:6] = 1 / 3
    module.forward = lambda pictures: KernelField(basis, torch.ones(2, 1, 40, 44))
    restored = module.restore(blurry)
    assert torch.equal(restored[0], blurry[0])
    assert (restored[1] - blurry[1]).abs().max() > 0.05
