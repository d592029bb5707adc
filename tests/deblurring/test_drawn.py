"""Motion that lights drew, from the estimate to the restored photo."""

import sys

import numpy as np
import pytest
import torch

from deblur_lightning.deblurring import (
    Agreed,
    BlindEstimator,
    CameraExposure,
    MotionDeblurrer,
)
from deblur_lightning.deblurring.long_motion import LongMotion
from deblur_lightning.deblurring.motion import DRAWN
from deblur_lightning.deblurring.photo import PhotoDeblurrer
from deblur_lightning.deblurring.restorers import UPDATES
from deblur_lightning.estimation import Found
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
    field = linear.drawn(light, Exposure(1.0))
    assert field is not None
    assert field.basis.shape[1] == 1
    assert DRAWN in linear(light).notes


def test_a_program_s_picture_is_judged_as_any_other(model, night):
    assert model.drawn(night, Exposure(dark=EVERY_SIDE)) is None
    assert DRAWN not in model(night, Exposure(drawn=True, dark=EVERY_SIDE)).notes


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


def test_what_was_looked_for_is_not_looked_for_again(monkeypatch, night):
    def fail(*_):
        raise AssertionError

    monkeypatch.setattr(sys.modules["deblur_lightning.estimation.drawn_field"], "light_streaks", fail)
    MotionDeblurrer(BlindEstimator()).estimate(night, Exposure())


def known(size, scale, length=25):
    """Stands for what reads streaks: of one width, a line."""

    def drawn(blurry, exposure):
        assert not exposure.fades
        if blurry.shape[-1] != size // scale:
            return None
        return KernelField(line(length, 33)[None, None], torch.ones(1, 1, *blurry.shape[-2:]))

    return drawn


@pytest.mark.parametrize("length", [25, 33])  # of which the latter fills a kernel, and is whole all the same
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_what_was_drawn_is_undone_at_the_scale_at_which_it_was_and_no_motion_is_estimated(factor, length):
    def estimate(blurry, exposure):
        raise AssertionError

    found = LongMotion()(estimate, torch.rand(1, 3, 800, 1280), Exposure(), known(1280, factor, length))
    assert (found.factor, found.exposure.drawn) == (factor, True)
    assert found.photo.shape[-2:] == found.field.coefficients.shape[-2:] == (800 // factor, 1280 // factor)
    assert [note.partition(",")[0] for note in found.notes] == [
        f"motion of about {length * factor} pixels is longer than the model's 33"
    ] * (factor > 1)


def test_of_pictures_that_a_program_blurred_and_of_several_nothing_is_read(model, night):
    assert model.drawn(night.expand(2, -1, -1, -1), Exposure()) is None
    found = LongMotion()(model.estimate, night, Exposure(dark=EVERY_SIDE), lambda *_: 1 / 0)
    assert not found.exposure.drawn


def test_where_nothing_was_drawn_motion_is_estimated():
    def estimate(blurry, exposure):
        assert not exposure.drawn
        return Found(KernelField(line(5, 33)[None, None], torch.ones(1, 1, *blurry.shape[-2:])), lambda: 0.5)

    photo = torch.rand(1, 3, 395, 640)  # at half of the size fewer than six kernels
    for scale in (2, 8):
        found = LongMotion()(estimate, photo, Exposure(drawn=True), known(640, scale))
        assert (found.factor, found.exposure, found.notes) == (1, Exposure(drawn=False, sure=0.5), ())


def test_streaks_longer_than_a_kernel_are_read_at_a_smaller_size(model):
    wide = torch.nn.functional.interpolate(display(ground(level=0.15)), scale_factor=2.5, mode="bilinear")[0] ** 2.2
    for row, column in lamps(side=400, margin=70)[1]:
        wide[:, row - 2 : row + 2, column - 2 : column + 2] += 30.0
    kernel = torch.nn.functional.interpolate(path()[None, None], scale_factor=4)[0, 0]  # of 40 by 32 pixels
    blurry = display(taken(wide, kernel / kernel.sum()))
    assert model.drawn(blurry, Exposure()) is None
    answer = PhotoDeblurrer(model)(blurry)
    assert DRAWN in answer.notes
    torch.testing.assert_close(PhotoDeblurrer(model).field(blurry).basis, answer.field.basis)
    assert any("so restored at 1/2 of the size" in note for note in answer.notes)
