import numpy as np
import pytest
import torch
import torch.nn.functional as F

from deblur_lightning.data.scenes.wheel_photos import wheel_photo
from deblur_lightning.deblurring import BlindEstimator, MotionDeblurrer, PhotoDeblurrer, Restorer, RichardsonLucy
from deblur_lightning.deblurring.long_motion import (
    LongMotion,
    Scales,
    enlarged,
    halved,
    motion_length,
    reduced,
    with_change,
)
from deblur_lightning.deblurring.restorers import Opinion
from deblur_lightning.estimation import Found
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.physics import blur
from deblur_lightning.physics.node_grid import node_shares

HALVED = "motion of about 40 pixels is longer than the model's 33, so restored at 1/2 of the size"


def line(length, size=33):
    """A kernel whose path is a straight line of so many pixels, cut where the kernel ends."""
    kernel = torch.zeros(size, size)
    half = min(length, size) // 2
    kernel[size // 2, size // 2 - half : size // 2 - half + min(length, size)] = 1
    return kernel / kernel.sum()


def uniform(kernel, height, width):
    return KernelField(kernel[None, None], torch.ones(1, 1, height, width))


class Seeing:
    """Stands for an estimator: sees a motion of so many pixels at the photo's size, as far as its kernels reach."""

    def __init__(self, length, width):
        self.length, self.width = length, width
        self.sizes, self.asked = [], []

    def __call__(self, blurry, exposure):
        height, width = blurry.shape[-2:]
        self.sizes.append(width)
        field = uniform(line(max(1, round(self.length * width / self.width))), height, width)
        return Found(field, lambda: self.asked.append(width) or 1 / width)


def photo(height=400, width=640):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))


class Believing(LongMotion):
    """Finds the longer motion likelier, whatever the photo shows."""

    gain = 1e-3

    def advantage(self, photo, longer, shorter, gamma):
        assert longer.coefficients.shape == shorter.coefficients.shape
        return self.gain


class Convinced(Believing):
    gain = 10.1


class Doubting(Believing):
    gain = -1e-3


@pytest.mark.parametrize(
    ("length", "factor", "sizes", "said"),
    [
        (21, 1, [640], ()),  # no longer than 0.65 of a kernel: it is not looked for at smaller scales
        (23, 1, [640, 320], ()),
        (30, 1, [640, 320], ()),
        (40, 2, [640, 320], (HALVED,)),
    ],
)
def test_motion_is_looked_for_at_the_scale_at_which_it_fits(length, factor, sizes, said):
    estimate = Seeing(length, 640)
    seen = Believing()(estimate, photo(), Exposure())
    assert (seen.factor, estimate.sizes, seen.notes) == (factor, sizes, said)
    assert seen.field.coefficients.shape[-1] == 640 // factor


@pytest.mark.parametrize(("length", "sizes"), [(23, [640]), (28, [640]), (30, [640, 320])])
def test_a_turning_camera_may_move_corners_further_before_smaller_scales_are_asked(length, sizes):
    asked = []

    def estimate(blurry, exposure):
        height, width = blurry.shape[-2:]
        asked.append(width)
        kernels = [line(max(1, round(length * share * width / 640))) for share in np.linspace(0.2, 1, 9)]
        return Found(KernelField(torch.stack(kernels)[None], node_shares((height, width), 3)[None]))

    assert Believing()(estimate, photo(), Exposure()).factor == 1
    assert asked == sizes


@pytest.mark.parametrize(("length", "sizes"), [(40, [1280, 640]), (60, [1280, 640, 320])])
def test_what_surely_fits_at_half_the_size_is_not_looked_for_at_a_quarter_of_it(length, sizes):
    estimate = Seeing(length, 1280)
    assert Believing()(estimate, photo(800, 1280), Exposure()).factor == 2
    assert estimate.sizes == sizes


def test_what_is_beyond_the_last_scale_is_said_to_be():
    estimate = Seeing(500, 640)
    seen = Believing(least_kernels=2)(estimate, photo(), Exposure())
    assert estimate.sizes == [640, 320, 160]
    assert seen.notes == (
        "motion of about 132 pixels or more is longer than the model's 33, so restored at 1/4 of the size",
    )


@pytest.mark.parametrize(("height", "believed"), [(390, True), (400, False)])
def test_what_fills_its_kernels_is_said_to_where_no_smaller_scale_is_taken(height, believed):
    looking = Believing() if believed else Doubting()
    assert looking(Seeing(32, 640), photo(height), Exposure()).notes == ()
    seen = looking(Seeing(40, 640), photo(height), Exposure())
    assert seen.factor == 1
    assert seen.notes == (
        "motion of about 33 pixels or more may be longer than the model's 33, so some of it may stay",
    )


class Hidden(Seeing):
    """Sees nothing at the photo's size."""

    def __call__(self, blurry, exposure):
        found = super().__call__(blurry, exposure)
        return found if blurry.shape[-1] < self.width else found._replace(field=uniform(line(1), *blurry.shape[-2:]))


@pytest.mark.parametrize(
    ("rule", "length", "factor", "said"),
    [
        (Believing, 40, 1, ()),  # smooth sharp photos look moved at smaller scales
        (
            Convinced,
            40,
            2,
            ("motion of about 40 pixels is longer than the model's 33, so restored at 1/2 of the size",),
        ),
        (Convinced, 20, 2, ("motion of about 20 pixels shows only at 1/2 of the size, so restored there",)),
    ],
)
def test_what_shows_at_half_the_size_alone_must_be_convincing(rule, length, factor, said):
    hidden = Hidden(length, 640)
    seen = rule()(hidden, photo(), Exposure())
    assert (seen.factor, seen.notes, hidden.sizes) == (factor, said, [640, 320])


class Saying:
    """Stands for the network that is asked: says one thing of the photo at its size, and one at smaller ones."""

    def __init__(self, at_its_size, smaller, width=640):
        self.said, self.width, self.asked = (at_its_size, smaller), width, []

    def __call__(self, blurry, field):
        assert field.coefficients.shape[-2:] == blurry.shape[-2:]
        self.asked.append(blurry.shape[-1])
        return self.said[blurry.shape[-1] < self.width]


AGREED = Opinion(told=5.0, found=5.0, belief=0.8)
MISSED = Opinion(told=8.0, found=2.0, belief=0.1)  # of a streak of 40 pixels, seen as a short one
WRONG = Opinion(told=0.4, found=6.0, belief=0.02)


@pytest.mark.parametrize(
    ("says", "factor", "sizes"),
    [
        (MISSED, 2, [640, 320]),
        (MISSED._replace(told=5.9), 1, [640]),  # no further than kernels hold
        (MISSED._replace(found=5.4), 1, [640]),  # nor much further than the field says
        (AGREED, 1, [640]),
        (None, 1, [640]),
    ],
)
def test_a_motion_that_a_network_sees_go_much_further_is_looked_for_at_half_the_size(says, factor, sizes):
    class Short(Seeing):
        """Sees a streak of 40 pixels as one of 18 at the photo's size."""

        def __call__(self, blurry, exposure):
            found = super().__call__(blurry, exposure)
            return found if blurry.shape[-1] < 640 else found._replace(field=uniform(line(18), *blurry.shape[-2:]))

    estimate = Short(40, 640)
    seen = Believing()(estimate, photo(), Exposure(), ask=Saying(says, AGREED))
    assert (seen.factor, estimate.sizes) == (factor, sizes)
    assert seen.notes == ((HALVED,) if factor == 2 else ())


@pytest.mark.parametrize(
    ("rule", "at_its_size", "smaller", "factor"),
    [
        (Believing, MISSED._replace(found=0.0), AGREED, 2),
        (Believing, MISSED._replace(told=1.0, found=0.0), AGREED, 1),
        (Convinced, MISSED._replace(told=1.0, found=0.0), AGREED, 2),
        (Convinced, MISSED._replace(found=0.0), WRONG, 1),
        (Doubting, MISSED._replace(found=0.0), AGREED, 1),
    ],
)
def test_what_shows_at_half_the_size_alone_needs_another_witness_or_more_evidence(rule, at_its_size, smaller, factor):
    seen = rule()(Hidden(40, 640), photo(), Exposure(), ask=Saying(at_its_size, smaller))
    assert (seen.factor, seen.notes) == (factor, (HALVED,) if factor == 2 else ())


@pytest.mark.parametrize(("says", "notes"), [(AGREED, 1), (WRONG, 0)])
def test_what_a_network_doubts_is_not_taken_at_half_the_size_nor_said_to_be_long(says, notes):
    asked = Saying(says, WRONG)
    seen = Believing()(Seeing(40, 640), photo(), Exposure(), ask=asked)
    assert (seen.factor, len(seen.notes), asked.asked) == (1, notes, [640, 320])
    assert Believing()(Seeing(40, 640), photo(), Exposure(), ask=Saying(says, AGREED)).factor == 2


@pytest.mark.parametrize(
    ("length", "told", "smaller", "factor", "sizes"),
    [
        (40, 8.0, AGREED, 2, [320]),
        (40, 8.0, AGREED._replace(belief=0.4), 2, [320, 640]),  # the network is not sure there
        (40, 6.0, AGREED, 2, [640, 320]),
        (40, 8.0, WRONG, 1, [320, 640]),
        (30, 8.0, AGREED, 1, [320, 640]),  # it fits where it is
        (80, 8.0, AGREED, 4, [320, 160]),
    ],
)
def test_of_a_large_photo_that_a_network_sees_moved_far_the_half_is_looked_at_first(
    length, told, smaller, factor, sizes, monkeypatch
):
    monkeypatch.setattr("deblur_lightning.deblurring.long_motion.LARGE", 400 * 640)
    estimate, ask = Seeing(length, 640), Saying(Opinion(told, 6.0, 0.8), smaller)
    seen = Believing(least_kernels=3)(estimate, photo(), Exposure(), ask=ask)
    assert (seen.factor, estimate.sizes) == (factor, sizes)
    assert seen.exposure.sure == 1 / (640 // factor)


def test_of_a_photo_too_small_beside_its_kernels_the_half_is_not_taken_whatever_the_network_sees(monkeypatch):
    monkeypatch.setattr("deblur_lightning.deblurring.long_motion.LARGE", 0)
    seen = Believing()(Seeing(40, 640), photo(390), Exposure(), ask=Saying(MISSED, AGREED))
    assert seen.factor == 1


@pytest.mark.parametrize("large", [0, 10**9])
def test_no_photo_is_reduced_by_more_than_the_largest_factor(large, monkeypatch):
    monkeypatch.setattr("deblur_lightning.deblurring.long_motion.LARGE", large)
    estimate = Seeing(80, 640)
    seen = Believing(most=1)(estimate, photo(), Exposure(), ask=Saying(MISSED, AGREED))
    assert (seen.factor, estimate.sizes) == (1, [640])


def test_the_network_is_asked_about_a_small_photo_only_if_its_motion_would_be_said_to_be_long():
    for length, asked in ((12, []), (40, [320])):
        ask = Saying(AGREED, AGREED)
        seen = Believing()(Seeing(length, 320), photo(240, 320), Exposure(), ask=ask)
        assert (seen.factor, len(seen.notes), ask.asked) == (1, len(asked), asked)


def test_what_did_not_move_at_either_size_and_photos_that_are_small_stay_as_they_are():
    still = Seeing(1, 640)
    assert Convinced()(still, photo(), Exposure()).factor == 1
    assert still.sizes == [640, 320]
    small = Seeing(40, 390)
    assert Convinced()(small, photo(640, 390), Exposure()).factor == 1
    assert small.sizes == [390]


@pytest.fixture(scope="module")
def streak():
    """A photograph twice as large as it was, moved by 40 pixels; with the sharp one."""
    sharp = torch.from_numpy(wheel_photo("coffee")[:230, :300].copy()).permute(2, 0, 1)[None] / 255
    sharp = F.interpolate(sharp, scale_factor=2, mode="bilinear").clamp(0, 1)
    field = uniform(line(41, 41), 460, 600)
    noise = 0.003 * torch.randn(sharp.shape, generator=torch.Generator().manual_seed(0))
    return sharp, (blur(sharp**2.2, field) + noise).clamp(0, 1) ** (1 / 2.2)


@pytest.mark.parametrize(("true", "wrong"), [(20, 11), (20, 1), (20, 33)])
def test_a_photo_s_spectrum_tells_how_long_its_motion_is(streak, true, wrong):
    small = reduced(streak[1], 2, 2.2)
    longer, shorter = (uniform(line(length), 230, 300) for length in (true, wrong))
    assert LongMotion().advantage(small, longer, shorter, 2.2) > 0
    assert LongMotion().advantage(small, shorter, longer, 2.2) < 0


def test_a_streak_of_forty_pixels_is_restored_beyond_what_its_kernels_hold(streak):
    sharp, blurry = streak

    class Misled(BlindEstimator):
        """Sees what `BlindEstimator` saw of such a streak: 22 pixels at the photo's size, 39 of it at half."""

        def find(self, light, tell=None):
            height, width = light.shape[-2:]
            return Found(uniform(line(22 if width == 600 else 20), height, width))

    model = PhotoDeblurrer(MotionDeblurrer(Misled(), RichardsonLucy(20)))
    answer = model(blurry)
    assert "about 40 pixels is longer than the model's 33" in answer.notes[0]
    before, after = ((one - sharp).square().mean().log10().item() * -10 for one in (blurry, answer.picture))
    assert after > before + 1.5


@pytest.mark.parametrize(("length", "width"), [(30, 640), (40, 320)])
def test_how_sure_the_motion_is_is_asked_once_of_the_scale_at_which_it_is_undone(length, width):
    estimate = Seeing(length, 640)
    assert Believing()(estimate, photo(), Exposure()).exposure.sure == 1 / width
    assert (estimate.sizes, estimate.asked) == ([640, 320], [width])


def test_half_a_field_has_half_the_motion_about_the_same_centre():
    for size in (31, 33):
        half = halved(uniform(line(21, size), 21, 30))
        assert half.basis.shape == (1, 1, size, size)
        assert half.coefficients.shape == (1, 1, 11, 15)
        across = half.basis[0, 0].sum(0)
        places = torch.arange(float(size)) - size // 2
        assert (across * places).sum().item() == pytest.approx(0, abs=1e-5)
        assert (across * places.square()).sum().item() == pytest.approx((21**2 - 1) / 12 / 4, rel=0.05)


def test_a_motion_is_as_long_as_its_path_from_end_to_end_and_kernels_hardly_used_do_not_count():
    diagonal = torch.zeros(33, 33)
    for step in range(13):
        diagonal[10 + step, 10 + step] = 1
    short, long = line(5), line(31)
    coefficients = torch.zeros(1, 3, 10, 10)
    coefficients[:, 0], coefficients[:, 1, :5] = 1, 0
    field = KernelField(torch.stack((diagonal / 13, short, long))[None], coefficients)
    assert motion_length(field) == pytest.approx(12 * 2**0.5 + 1)
    assert motion_length(uniform(long, 4, 4)) == 31


def test_a_turning_camera_s_motion_is_as_long_as_it_is_in_the_corners():
    shares = node_shares((60, 80), 5)[None]
    kernels = torch.stack([line(length) for length in [31, *[5] * 23, 21]])[None]
    assert motion_length(KernelField(kernels, shares)) == 31


def test_squares_are_averaged_in_linear_light_and_what_is_missing_repeats():
    small = reduced(photo(5, 7), 2, 2.2)
    light = photo(5, 7).double().numpy() ** 2.2
    wide = np.concatenate((light, light[..., -1:, :]), axis=2)
    wide = np.concatenate((wide, wide[..., -1:]), axis=3)
    expected = (wide.reshape(1, 3, 3, 2, 4, 2).mean(axis=(3, 5))) ** (1 / 2.2)
    assert np.abs(small.numpy() - expected).max() < 1e-5


@pytest.mark.parametrize("size", [(96, 120), (97, 122)])
def test_a_photo_s_scales_are_its_means_of_squares_and_made_once(size):
    at = Scales(photo(*size), 2.2)
    assert at(1) is at(1)
    assert at(4) is at(4)
    assert at(4).shape == (1, 3, -(-size[0] // 4), -(-size[1] // 4))
    assert torch.equal(at(2), reduced(photo(*size), 2, 2.2))
    assert torch.equal(at(4), reduced(at(2), 2, 2.2))
    inside = (..., slice(0, size[0] // 4), slice(0, size[1] // 4))  # elsewhere what repeats differs
    assert (at(4) - reduced(photo(*size), 4, 2.2))[inside].abs().max() < 1e-5


@pytest.mark.parametrize(("length", "width"), [(20, 640), (40, 320)])
def test_what_was_seen_comes_with_the_photo_at_that_scale(length, width):
    seen = Believing()(Seeing(length, 640), photo(), Exposure())
    assert seen.photo.shape[-1] == seen.field.coefficients.shape[-1] == width


def test_where_nothing_changed_the_photo_keeps_every_detail():
    blurry, small = photo(61, 83), torch.full((1, 3, 31, 42), 0.5)
    after = small.clone()
    after[..., 30:] += 0.2
    result = with_change(blurry, small, after, 2)
    assert torch.equal(result[..., :58], blurry[..., :58])
    assert torch.allclose(result[..., 62:], (blurry[..., 62:] + 0.2).clamp(max=1), atol=1e-6)


def test_a_field_is_enlarged_about_its_centre():
    field = enlarged(uniform(line(9, 11), 20, 30), 2, (39, 59))
    assert field.basis.shape == (1, 1, 21, 21)
    assert field.coefficients.shape == (1, 1, 39, 59)
    assert field.basis.sum().item() == pytest.approx(1)
    assert motion_length(field) == pytest.approx(18, abs=1.5)
    places = torch.arange(21.0)
    assert (field.basis[0, 0].sum(0) * places).sum().item() == pytest.approx(10, abs=1e-4)


@pytest.mark.parametrize("factor", [2, 4])
def test_what_did_not_move_at_a_smaller_scale_is_not_seen_to_move_at_the_photo_s(factor):
    trembling = torch.zeros(9, 9)
    trembling[4, 4], trembling[4, 3:6:2] = 0.9, 0.05
    field = KernelField(torch.stack((line(1, 9), trembling, line(5, 9)))[None], torch.full((1, 3, 8, 8), 1 / 3))
    still, hardly, moved = enlarged(field, factor, (8 * factor, 8 * factor)).basis[0].double()
    middle = 4 * factor
    assert still[middle, middle] == 1
    assert hardly[middle, middle] > 0.85
    # What moved there keeps its even line.
    assert moved[middle, middle] == pytest.approx(moved[middle, middle + 1].item())
    assert [kernel.sum().item() for kernel in (still, hardly, moved)] == pytest.approx([1, 1, 1])


class Known(BlindEstimator):
    """Knows the motion: a line of 40 pixels at 640 pixels' width."""

    def find(self, light, tell=None):
        return Found(Seeing(40, 640)(light, Exposure()).field)


class Brighter(Restorer):
    def __init__(self):
        super().__init__()
        self.widths = []

    def forward(self, blurry, field, exposure):
        self.widths.append(blurry.shape[-1])
        return blurry + 0.1


def test_a_photo_comes_back_at_its_size_with_its_field_and_its_detail():
    blurry, restorer = photo() * 0.5, Brighter()
    answer = PhotoDeblurrer(MotionDeblurrer(Known(), restorer), long_motion=Believing())(blurry)
    assert restorer.widths == [320]
    assert torch.allclose(answer.picture, blurry + 0.1, atol=1e-5)
    assert answer.field.basis.shape[-1] == 65
    assert answer.field.coefficients.shape[-2:] == (400, 640)
    assert motion_length(answer.field) == pytest.approx(40, abs=3)
    assert "about 40 pixels" in answer.notes[0]
    model = PhotoDeblurrer(MotionDeblurrer(Known(), restorer), long_motion=Believing())
    alone = model(blurry, with_field=False)
    assert torch.equal(alone.picture, answer.picture)
    assert alone.field is None
    again = model.field(blurry)
    assert torch.equal(again.basis, answer.field.basis)
