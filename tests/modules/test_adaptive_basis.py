"""What AdaptiveBasisModule adds to its network and its losses."""

import torch

from deblur_lightning.field import KernelField
from deblur_lightning.modules import AdaptiveBasisModule, adaptive_basis
from deblur_lightning.restoration import refine_field, richardson_lucy


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


def test_refinement_is_what_is_seen_and_undone_but_not_what_is_trained():
    torch.manual_seed(0)
    blurry = torch.nn.functional.avg_pool2d(torch.rand(1, 3, 104, 104), 5, 1, 2)
    module = AdaptiveBasisModule(3, 9, 8, iterations=2, refine=True)
    seen = module.field(blurry)
    with torch.no_grad():
        expected = refine_field(blurry, module(blurry))
    torch.testing.assert_close(seen.basis, expected.basis)
    torch.testing.assert_close(module.restore(blurry), richardson_lucy(blurry, expected, 2))
    plain = AdaptiveBasisModule(3, 9, 8, iterations=2)
    plain.load_state_dict(module.state_dict())
    torch.testing.assert_close(plain.field(blurry).basis, module(blurry).basis)
    assert (plain.restore(blurry) - module.restore(blurry)).abs().max() > 1e-4


def test_a_still_picture_stays_as_it_is_whatever_its_refined_kernel(monkeypatch):
    module = AdaptiveBasisModule(1, 9, 8, iterations=3, still=0.12, refine=True)
    blurry = torch.rand(2, 3, 80, 80, generator=torch.Generator().manual_seed(0))
    basis, narrow = torch.zeros(2, 1, 9, 9), torch.zeros(2, 1, 9, 9)
    basis[0, 0, 4, 2:7] = 0.2
    basis[1, 0, 2:7, 2:7] = 0.04
    narrow[:, 0, 4, 3:6] = 1 / 3
    field = KernelField(basis, torch.ones(2, 1, 80, 80))
    module.forward = lambda pictures: field
    monkeypatch.setattr(adaptive_basis, "refine_field", lambda *_, **__: field._replace(basis=narrow))
    restored = module.restore(blurry)
    assert torch.equal(restored[0], blurry[0])
    assert (restored[1] - blurry[1]).abs().max() > 0.01
