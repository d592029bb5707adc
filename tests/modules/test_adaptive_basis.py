"""What AdaptiveBasisModule adds to its network and its losses."""

import pytest
import torch

from deblur_lightning.estimation import refine_field
from deblur_lightning.exposure import EVERY_SIDE, NO_SIDE, Sides
from deblur_lightning.field import KernelField
from deblur_lightning.modules import AdaptiveBasisModule, adaptive_basis
from deblur_lightning.networks import path_features
from deblur_lightning.physics import blur
from deblur_lightning.restoration import richardson_lucy


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


def test_a_picture_whose_path_hardly_moves_stays_as_it_is(monkeypatch):
    module = AdaptiveBasisModule(1, 9, 8, iterations=3, path_width=8, path_still=0.5)
    blurry = torch.rand(2, 3, 40, 44, generator=torch.Generator().manual_seed(0))
    basis = torch.full((2, 1, 9, 9), 1 / 81)
    module.forward = lambda pictures: KernelField(basis, torch.ones(2, 1, 40, 44))
    light = [(picture**2.2).mean(0) for picture in blurry]

    def guess(plane, share=None):
        path = torch.zeros(9, 9)
        path[4, 4:6] = torch.tensor([0.6, 0.4]) if torch.allclose(plane, light[0]) else torch.tensor([0.5, 0.5])
        return path

    monkeypatch.setattr(module.path_network, "guess", guess)
    restored = module.restore(blurry)
    assert torch.equal(restored[0], blurry[0])
    assert (restored[1] - blurry[1]).abs().max() > 0.05


def test_the_path_network_guesses_where_the_field_is_refined():
    torch.manual_seed(0)
    blurry = torch.nn.functional.avg_pool2d(torch.rand(1, 3, 104, 104), 5, 1, 2)
    module = AdaptiveBasisModule(3, 9, 8, iterations=2, refine=True, path_width=8)
    with torch.no_grad():
        expected = refine_field(blurry, module(blurry), guess=module.path_network.guess)
    torch.testing.assert_close(module.field(blurry).basis, expected.basis)


def batch_of(count):
    generator = torch.Generator().manual_seed(1)
    kernels = torch.rand(count, 2, 9, 9, generator=generator)
    field = KernelField(kernels / kernels.sum((2, 3), keepdim=True), torch.full((count, 2, 40, 40), 0.5))
    blurry = torch.rand(count, 3, 40, 40, generator=generator)
    return {
        "blurry": blurry,
        "sharp": blurry,
        "field": field,
        "weights": torch.ones(count, 40, 40),
        "name": ["a"] * count,
    }


def test_the_path_loss_is_that_of_the_mean_kernels_of_all_reflections():
    torch.manual_seed(0)
    weights = {"kernel_weight": 0.0, "reblur_weight": 0.0, "path_weight": 0.5}
    module = AdaptiveBasisModule(3, 9, 8, path_width=8, **weights)
    module.log = lambda *_, **__: None
    batch = batch_of(2)
    loss = module.training_step(batch, 0)
    light, kernel = batch["blurry"] ** 2.2, batch["field"].basis.mean(1)
    each = []
    for picture, true in ((light, kernel), (light.mT, kernel.mT), (light.flip(3), kernel.flip(2)),
                          (light.mT.flip(3), kernel.mT.flip(2))):  # fmt: skip
        drawn = module.path_network(path_features(picture, 9)).flatten(1).log_softmax(1)
        for logarithm, way in zip(drawn, true.flatten(1), strict=True):
            each.append(min(-(way * logarithm).sum(), -(way.flip(0) * logarithm).sum()))
    torch.testing.assert_close(loss, 0.5 * torch.stack(each).mean())
    loss.backward()
    assert all(weight.grad is None for weight in module.network.parameters())


def test_a_training_without_any_loss_is_refused():
    with pytest.raises(ValueError, match="every loss has factor 0"):
        AdaptiveBasisModule(3, 9, 8, kernel_weight=0.0, reblur_weight=0.0).configure_optimizers()
    AdaptiveBasisModule(3, 9, 8, path_width=8, kernel_weight=0.0, reblur_weight=0.0).configure_optimizers()


def fading(height=80, width=90, channels=3):
    """A picture blurred in display values with nothing beyond its borders, and the field that blurred it."""
    sharp = torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(2)) * 0.6 + 0.2
    basis = torch.zeros(1, 1, 9, 9)
    basis[0, 0, 3:5, 2:8] = 1 / 12
    field = KernelField(basis, torch.ones(1, 1, height, width))
    return blur(sharp, field, "zeros"), field


def test_a_picture_that_fades_is_restored_as_what_a_program_blurred():
    module, (blurry, field) = AdaptiveBasisModule(1, 9, 8, iterations=4, dark_gamma=1.0), fading()
    shown = []

    def seen(pictures):
        shown.append(pictures)
        return KernelField(
            field.basis.expand(len(pictures), -1, -1, -1), torch.ones(len(pictures), 1, *pictures.shape[-2:])
        )

    module.forward = seen
    restored, found = module.see(blurry)
    display = blurry ** (1 / 2.2)
    torch.testing.assert_close(shown[0], display[..., 8:-8, 8:-8])
    assert found.coefficients.shape[-2:] == blurry.shape[-2:]
    torch.testing.assert_close(restored, richardson_lucy(display, field, 4, dark=EVERY_SIDE) ** 2.2)
    torch.testing.assert_close(module.field(blurry).coefficients, found.coefficients)
    module.dark_gamma = None
    torch.testing.assert_close(module.restore(blurry), richardson_lucy(blurry, field, 4))


def test_of_a_batch_each_picture_is_restored_as_it_would_be_alone():
    torch.manual_seed(1)
    module, (blurry, _) = AdaptiveBasisModule(3, 9, 8, iterations=2, dark_gamma=1.0, still=1.0), fading()
    batch = torch.cat((blurry, blurry.roll((20, 30), (2, 3)), blurry.flip(2)))
    restored, field = module.see(batch)
    for number, picture in enumerate(batch.split(1)):
        alone, its_field = module.see(picture)
        torch.testing.assert_close(restored[number : number + 1], alone)
        torch.testing.assert_close(field.kernel_at(40, 40)[number], its_field.kernel_at(40, 40)[0])
    module.still = 0.0
    assert torch.equal(module.restore(batch), batch)


def test_a_part_of_a_fading_picture_is_told_its_dark_sides():
    module, (blurry, field) = AdaptiveBasisModule(1, 9, 8, iterations=3, dark_gamma=1.0), fading()
    module.forward = lambda pictures: field._replace(coefficients=torch.ones(1, 1, *pictures.shape[-2:]))
    for sides in (NO_SIDE, Sides(top=True), EVERY_SIDE):
        expected = richardson_lucy(blurry ** (1 / 2.2), field, 3, dark=sides) ** 2.2
        torch.testing.assert_close(module.see(blurry, sides)[0], expected)


def test_kernels_of_what_a_program_blurred_are_less_soft(monkeypatch):
    module, (blurry, field) = AdaptiveBasisModule(1, 9, 8, iterations=1, refine=True, dark_gamma=1.0), fading()
    asked = []

    def refined(pictures, estimate, *, softness, **options):
        asked.append(softness)
        return estimate

    monkeypatch.setattr(adaptive_basis, "refine_field", refined)
    module.forward = lambda pictures: field._replace(coefficients=torch.ones(1, 1, *pictures.shape[-2:]))
    module.see(blurry)
    module.see(blurry, NO_SIDE)
    module.see(blurry.roll((20, 30), (2, 3)))
    assert asked == [0.45, 0.45, 0.6]


def test_an_impossible_dark_gamma_is_named():
    with pytest.raises(ValueError, match=r"dark_gamma is 0\.4, but it is an exponent of light"):
        AdaptiveBasisModule(1, 9, 8, dark_gamma=0.4)
