"""Motion that lights drew, from the estimate to the restored photo."""

import numpy as np
import pytest
import torch

from deblur_lightning.deblurring import (
    Agreed,
    BlindEstimator,
    CameraExposure,
    MotionDeblurrer,
    Refinement,
    RichardsonLucy,
    StillnessGuard,
)
from deblur_lightning.deblurring.long_motion import LongMotion
from deblur_lightning.deblurring.motion import DRAWN
from deblur_lightning.deblurring.photo import PhotoDeblurrer
from deblur_lightning.deblurring.restorers import UPDATES
from deblur_lightning.exposure import EVERY_SIDE, Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.restoration import richardson_lucy
from tests.deblurring.test_agreed import Telling, line, unrolled
from tests.deblurring.test_photo import Exposed
from tests.night import ground, lamps, path, taken


def display(light):
    return light.clamp(0, 1)[None] ** (1 / 2.2)


@pytest.fixture(scope="module")
def scene():
    return ground(level=0.15) + lamps()[0]


@pytest.fixture(scope="module")
def night(scene):
    return display(taken(scene, path()))


@pytest.fixture(scope="module")
def model():
    """Does not believe any motion that it estimates."""
    return MotionDeblurrer(BlindEstimator(), Agreed(unrolled(Telling(line(1, 33), line(1, 33), 0.0))))


@pytest.fixture(scope="module")
def answer(model, night):
    return model(night)


def test_it_is_undone_beyond_where_lights_clipped_and_not_doubted(night, answer):
    torch.testing.assert_close(answer.picture, richardson_lucy(night, answer.field, UPDATES, method="saturated"))
    assert answer.notes == (DRAWN, "100% restored by the motion found; 0% left as it was")


def test_the_scene_between_the_lights_comes_back(scene, night, answer):
    sharp, between = display(scene), (scene.amax(0) < 0.2)[24:-24, 24:-24]

    def psnr(picture):
        return -10 * np.log10((picture - sharp).square()[0, :, 24:-24, 24:-24][:, between].mean().item())

    assert psnr(answer.picture) > psnr(night) + 2


def test_its_field_is_what_was_drawn_and_nothing_that_a_network_sees(model, night, answer):
    assert answer.field.basis.shape == (1, 1, 33, 33)
    assert torch.equal(model.field(night).basis, answer.field.basis)


def test_pictures_of_a_batch_are_asked_one_by_one(model, night, answer):
    still = display(ground(level=1.0))
    together = model(torch.cat((night, still)))
    torch.testing.assert_close(together.picture, torch.cat((answer.picture, model(still).picture)))
    assert together.notes == (DRAWN,)  # what is said of each picture is not said of both
    assert DRAWN not in model(still).notes
    both = model.field(torch.cat((night, still)))
    torch.testing.assert_close(both.mean_kernel()[:1], answer.field.mean_kernel())


def test_a_photo_of_another_gamma_is_read_in_its_own_light(scene):
    light = taken(scene, path())[None]
    linear = MotionDeblurrer(BlindEstimator(), exposure=CameraExposure(1.0))
    field, moved, exposure = linear.estimate(light, Exposure(1.0))
    assert exposure == Exposure(1.0, drawn=True)
    assert moved.all()
    assert field.basis.shape[1] == 1


def test_a_drawn_field_is_neither_guarded_nor_refined(night, answer):
    class Failing(Refinement):
        def forward(self, blurry, field, exposure):
            raise AssertionError

    careful = MotionDeblurrer(BlindEstimator(), RichardsonLucy(3), Failing(), StillnessGuard(0.01))
    field, moved, exposure = careful.estimate(night, Exposure())
    assert (moved.all(), exposure.drawn) == (True, True)
    assert torch.equal(field.basis, answer.field.basis)
    assert careful(night).notes == (DRAWN,)


def test_a_program_s_picture_is_judged_as_any_other(model, night):
    assert not model.estimate(night, Exposure(1.0, EVERY_SIDE))[2].drawn
    assert not model.estimate(night, Exposure(drawn=True, dark=EVERY_SIDE))[2].drawn


def test_a_gray_photo_is_read_too(model, night):
    gray = night.amax(1, keepdim=True)
    answer = model(gray)
    assert answer.picture.shape == gray.shape
    assert DRAWN in answer.notes


def test_every_tile_of_a_photo_is_told(scene):
    wide = torch.zeros(3, 200, 420)
    wide[:, 20:180, 20:180] = scene  # all lights are in the first tile
    restorer = Exposed()
    blurry = display(taken(wide + 0.002, path(), 1e-4))
    notes = PhotoDeblurrer(MotionDeblurrer(BlindEstimator(), restorer), tile=256)(blurry).notes
    assert len(restorer.told) > 1
    assert set(restorer.told) == {Exposure(drawn=True)}
    assert DRAWN in notes


class Lit:
    """Stands for an estimator: sees ten pixels of motion from a size on, and that lights drew them from another on."""

    def __init__(self, seen, drawn):
        self.seen, self.drawn, self.sizes = seen, drawn, []

    def __call__(self, blurry, exposure):
        height, width = blurry.shape[-2:]
        self.sizes.append(width)
        kernel = line(25 if width <= self.seen else 1, 33)
        field = KernelField(kernel[None, None], torch.ones(1, 1, height, width))
        return field, torch.tensor([width <= self.seen]), exposure._replace(drawn=width <= self.drawn)


class Unconvinced(LongMotion):
    def advantage(self, photo, longer, shorter, gamma):
        return -1.0


@pytest.mark.parametrize(
    ("seen", "drawn", "factor", "sizes"),
    [
        (640, 640, 1, [640]),  # drawn at the photo's own size: it is looked for no further
        (320, 320, 2, [640, 320]),  # drawn at half of it, whatever the evidence
        (640, 320, 2, [640, 320]),
        (320, 160, 1, [640, 320]),
    ],
)
def test_what_was_drawn_at_a_scale_is_undone_there(seen, drawn, factor, sizes):
    estimate = Lit(seen, drawn)
    found = Unconvinced()(estimate, torch.rand(1, 3, 420, 640), Exposure())
    assert (found.factor, estimate.sizes) == (factor, sizes)
    assert found.exposure.drawn == (factor > 1 or drawn == 640)
