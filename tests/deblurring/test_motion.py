"""The chain from a blurry picture over its motion to a sharp one, each part replaced by a stub in turn."""

import pytest
import torch
from small_models import FixedField, small_motion_deblurrer

from deblur_lightning.deblurring import CameraExposure, MotionDeblurrer, NoticedExposure, Restorer
from deblur_lightning.deblurring.motion import FADES
from deblur_lightning.exposure import EVERY_SIDE, NO_SIDE, Exposure, Sides
from deblur_lightning.field import KernelField
from deblur_lightning.networks import AdaptiveBasisNetwork
from deblur_lightning.physics import blur
from deblur_lightning.restoration import richardson_lucy


class Noting(Restorer):
    """Restores to black, and notes what it was given."""

    def __init__(self):
        super().__init__()
        self.given = []

    def forward(self, blurry, field, exposure):
        self.given.append((field, exposure))
        return torch.zeros_like(blurry)


def test_with_network_and_restorer_alone_it_is_the_published_method():
    deblurrer = small_motion_deblurrer(iterations=3)
    blurry = torch.rand(2, 3, 40, 44, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        field = deblurrer.network(blurry**2.2 - 0.5)
        picture, found, notes = deblurrer(blurry)
    torch.testing.assert_close(found, field)
    torch.testing.assert_close(picture, richardson_lucy(blurry, field, 3))
    assert notes == ()


def test_defaults_are_the_published_network_and_thirty_updates():
    with torch.device("meta"):
        deblurrer = MotionDeblurrer()
    assert isinstance(deblurrer.network, AdaptiveBasisNetwork)
    assert sum(parameter.numel() for parameter in deblurrer.parameters()) == 79_829_298
    assert (deblurrer.restorer.iterations, deblurrer.restorer.method, deblurrer.exposure.gamma) == (30, "basic", 2.2)


def fading(height=80, width=90, channels=3):
    """A picture blurred in display values with nothing beyond its borders, and the kernel that blurred it."""
    sharp = torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(2)) * 0.6 + 0.2
    basis = torch.zeros(1, 1, 9, 9)
    basis[0, 0, 3:5, 2:8] = 1 / 12
    return blur(sharp, KernelField(basis, torch.ones(1, 1, height, width)), "zeros"), basis


def test_the_exposure_is_told_to_network_and_restorer():
    blurry, basis = fading()
    network, restorer = FixedField(basis), Noting()
    answer = MotionDeblurrer(network, restorer, exposure=NoticedExposure(2.2, 1.0))(blurry)
    assert restorer.given[0][1] == Exposure(1.0, EVERY_SIDE)
    torch.testing.assert_close(network.seen[0], blurry[..., 8:-8, 8:-8] - 0.5)  # display values, off the dark borders
    assert answer.field.coefficients.shape[-2:] == blurry.shape[-2:]
    assert answer.notes == (FADES,)


def test_an_exposure_that_is_given_is_not_looked_for_again():
    blurry, basis = fading()
    restorer = Noting()
    deblurrer = MotionDeblurrer(FixedField(basis), restorer, exposure=NoticedExposure())
    for exposure in (Exposure(1.0, Sides(top=True)), Exposure(2.2, NO_SIDE)):
        deblurrer(blurry, exposure)
        assert restorer.given[-1][1] == exposure


def test_of_a_batch_each_picture_is_restored_as_it_would_be_alone():
    blurry, _ = fading()
    deblurrer = small_motion_deblurrer(exposure=NoticedExposure())
    batch = torch.cat((blurry, blurry.roll((20, 30), (2, 3)), blurry.flip(2)))
    with torch.no_grad():
        picture, field, notes = deblurrer(batch)
        assert notes == (FADES,)
        for number, one in enumerate(batch.split(1)):
            alone, its_field, _ = deblurrer(one)
            torch.testing.assert_close(picture[number : number + 1], alone)
            torch.testing.assert_close(field.kernel_at(40, 40)[number], its_field.kernel_at(40, 40)[0])
            torch.testing.assert_close(deblurrer.field(batch).kernel_at(9, 9)[number], its_field.kernel_at(9, 9)[0])


@pytest.mark.parametrize("blurry", [torch.full((1, 3, 70, 70), 200.0), torch.full((1, 3, 70, 70), torch.nan)])
def test_other_value_ranges_are_refused(blurry):
    with pytest.raises(ValueError, match="blurry"):
        small_motion_deblurrer()(blurry)


@pytest.mark.parametrize(("arguments", "name"), [((0.4,), "gamma"), ((2.2, 0.4), "dark_gamma")])
def test_an_impossible_gamma_is_named(arguments, name):
    with pytest.raises(ValueError, match=rf"^{name} is 0\.4, but it is an exponent of light"):
        NoticedExposure(*arguments)
    with pytest.raises(ValueError, match="gamma is nan"):
        CameraExposure(float("nan"))
