"""Agreed: photos stay where their light stayed, and fields count where they reach as far as a network says."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from deblur_lightning.deblurring import (
    Agreed,
    BlindEstimator,
    MotionDeblurrer,
    PhotoDeblurrer,
    RichardsonLucy,
    UnrolledRestorer,
)
from deblur_lightning.deblurring import agreed as agreed_module
from deblur_lightning.deblurring.agreed import believed, given_way
from deblur_lightning.deblurring.extents import extent_in, extent_of
from deblur_lightning.deblurring.long_motion import LongMotion, SeenMotion, reduced
from deblur_lightning.estimation import Found, reaches
from deblur_lightning.exposure import EVERY_SIDE, NO_SIDE, Exposure
from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.networks import FoldedNAFNet, SeeingNAFNet

SHIPPED_AROUND = agreed_module.AROUND  # cells


@pytest.fixture(autouse=True)
def closely(monkeypatch):
    """So that small photos have places of several kinds."""
    monkeypatch.setattr("deblur_lightning.deblurring.agreed.AROUND", 3)


def line(length, size=9):
    kernel = torch.zeros(size, size)
    kernel[size // 2, size // 2 - length // 2 : size // 2 + length // 2 + 1] = 1 / length
    return kernel


def field_of(kernel, blurry):
    count, (height, width) = len(blurry), blurry.shape[-2:]
    return KernelField(kernel.expand(count, 1, -1, -1), torch.ones(count, 1, height, width))


class Black(UnrolledRestorer):
    """Makes all black."""

    def __init__(self, direct):
        super().__init__((), 4, 1, (1,), (1,), direct=direct)

    def restore(self, blurry, field, exposure, start=None, glance=None):
        return torch.zeros_like(blurry)


class Telling(SeeingNAFNet):
    """Tells one kernel of a photo's left half, another of its right half; makes all of one value, if one is given."""

    def __init__(self, left, right, value=None):
        super().__init__(9, width=8, middle_blocks=1, encoder_blocks=(1, 1, 1), decoder_blocks=(1, 1, 1), finer=1)
        self.left, self.right, self.value = left, right, value

    def restored(self, blurry, features, skips):
        return blurry if self.value is None else torch.full_like(blurry, self.value)

    def told(self, features, size):
        rows, columns = (-(-side // 8) for side in size)
        kernels = self.left.view(1, -1, 1, 1).repeat(len(features), 1, rows, columns)
        kernels[..., columns // 2 :] = self.right.view(1, -1, 1, 1)
        return kernels.log()


class Saying(nn.Module):
    """Stands where a network would: says one kernel of every photo."""

    def __init__(self, kernel):
        super().__init__()
        self.kernel = kernel

    def forward(self, light):
        return field_of(self.kernel, light)


class SayingBlind(BlindEstimator):
    """Says one kernel of every photo at once."""

    def __init__(self, kernel):
        super().__init__(kernel.shape[-1])
        self.kernel = kernel

    def find(self, light, tell=None):
        return Found(field_of(self.kernel, light))


def unrolled(direct):
    torch.manual_seed(0)
    return UnrolledRestorer((), 4, 1, (1,), (1,), direct=direct)


def mixed(share):
    """A kernel of which a share stays; it reaches as far as `line(5)` does if nothing stays."""
    return share * line(1) + (1 - share) * (line(5) - 0.2 * line(1)) / 0.8


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("share", "trust"), [(0.0, 1.0), (0.7, 1.0), (0.85, 0.5), (1.0, 0.0)])
def test_as_much_of_the_photo_stays_as_light_stayed(share, trust, channels):
    blurry = torch.rand(2, channels, 60, 90)
    network = Telling(line(1), mixed(share))
    answer = Agreed(Black(network)).judged(blurry, field_of(mixed(share), blurry), Exposure())
    assert answer.trust.shape == (2, 1, 60, 90)
    torch.testing.assert_close(answer.picture[..., :32], blurry[..., :32])
    believed_in = 1 / (1 + math.exp(-1.0 / 0.5))  # both reach as far
    expected = blurry[..., 66:] * (1 - trust * believed_in)
    torch.testing.assert_close(answer.picture[..., 66:], expected, atol=1e-5, rtol=0)
    assert answer.trust[..., 66:].mean().item() == pytest.approx(trust)
    assert answer.sure[..., 66:].mean().item() == pytest.approx(trust * believed_in, abs=1e-5)


@pytest.mark.parametrize("sure", [0.0, 0.4, 1.0])
def test_motion_that_is_sure_is_believed_whatever_the_network_says(sure, monkeypatch):
    monkeypatch.setattr("deblur_lightning.deblurring.agreed.LEAST_APART", -20.0)  # nothing else is believed
    blurry = torch.rand(1, 3, 64, 96)
    agreed, field = Agreed(Black(Telling(line(1), line(5), 1.0)), apart=-20.0), field_of(line(5, 13), blurry)
    answer = agreed.judged(blurry, field, Exposure(sure=sure))
    torch.testing.assert_close(answer.picture[..., 66:], torch.full((1, 3, 64, 30), 1 - sure))
    assert answer.sure[..., 66:].mean().item() == pytest.approx(sure, abs=1e-5)
    torch.testing.assert_close(
        answer.picture[..., :32], blurry[..., :32]
    )  # where the network sees none, the photo stays
    shown, told = agreed.seen(blurry, field, Exposure(sure=sure)), agreed.seen(blurry, field, Exposure())
    expected = sure * field.kernel_at(30, 90)[0] + (1 - sure) * told.kernel_at(30, 90)[0]
    torch.testing.assert_close(shown.kernel_at(30, 90)[0], expected, atol=1e-4, rtol=0)


def test_where_the_field_reaches_too_far_the_direct_network_s_picture_stands():
    blurry = torch.rand(1, 3, 64, 96)
    long = torch.zeros(9, 9)
    long[4, 0] = long[4, 8] = 0.5  # reaches 4 pixels, the network's right half 1, its left half 4
    short = torch.zeros(9, 9)
    short[4, 3] = short[4, 5] = 0.5
    restored = Agreed(Black(Telling(long, short, 1.0)), apart=0.25)(blurry, field_of(long, blurry), Exposure())
    assert restored[..., :32].mean().item() == pytest.approx(1 - 1 / (1 + math.exp(-2)), abs=1e-4)
    assert restored[..., 72:].mean().item() == pytest.approx(1 - 1 / (1 + math.exp(4)), abs=1e-4)


@pytest.mark.parametrize(
    ("share", "trust"),
    [(0.0, 1.0), (0.1, 1.0), (0.28, (0.55 - 0.28) / (0.55 - 0.16)), (0.4, 0.25), (0.5, 0.0), (1.0, 0.0)],
)
def test_where_the_field_shows_no_motion_at_all_the_network_must_be_surer(share, trust):
    blurry = torch.rand(1, 3, 64, 96) / 2
    network = Telling(mixed(share), mixed(share), 1.0)
    answer = Agreed(Black(network)).judged(blurry, delta_field(blurry, 9), Exposure())
    torch.testing.assert_close(answer.trust, torch.full_like(blurry[:, :1], trust), atol=1e-5, rtol=0)
    torch.testing.assert_close(answer.picture, blurry + trust * (1 - blurry), atol=1e-5, rtol=0)


def test_beside_what_clearly_moved_less_light_need_have_left(monkeypatch):
    monkeypatch.setattr("deblur_lightning.deblurring.agreed.AROUND", SHIPPED_AROUND)
    stays = torch.full((1, 1, 20, 40), 0.85)
    alone = given_way(stays, (160, 320), found=False)
    assert alone.max() == 0
    stays[..., 4:9, 4:9] = 0.1  # 5 x 5 cells
    trust = given_way(stays, (160, 320), found=False)
    assert trust[..., 40:60, 40:60].min() == pytest.approx(1)
    assert trust[..., :96, 80:96].unique().tolist() == pytest.approx([0.5])  # as where motion was found
    assert trust[..., 116:].max() == 0  # six cells beyond where three tenths of 5 x 5 stayed
    stays[stays == 0.85] = 0.7
    stays[..., 4, 4:9] = 0.6  # in the mean of 5 x 5 a fifth stayed: sure by half
    sure = (0.3 - 0.2) / 0.2
    most = 0.5 + 0.5 * sure
    expected = (most - 0.7) / (0.4 - 0.1 * sure)
    assert given_way(stays, (160, 320), found=False)[..., 88, 88].item() == pytest.approx(expected, abs=1e-5)


def test_a_photo_is_told_how_far_its_motion_was_gone_along_with_and_how_much_of_it_stayed():
    photo = torch.rand(1, 3, 80, 160, generator=torch.Generator().manual_seed(1))
    agreed = Agreed(RichardsonLucy(2), Telling(line(1), line(5)))
    answer = MotionDeblurrer(Saying(line(5)), agreed)(photo)
    _, trust, sure = agreed.judged(photo, field_of(line(5), photo), Exposure())
    assert sure[..., 100:].mean().item() == pytest.approx(1 / (1 + math.exp(-1.0 / 0.5)), abs=1e-4)
    without, stays = (trust - sure).mean(), (1 - trust).mean()
    assert 0.4 < stays < 0.5  # where nothing moved: the left half
    assert 0.05 < without < 0.1  # an eighth of the right half, in which the field is not wholly believed
    said = f"{sure.mean():.0%} restored by the motion found; {without:.0%} without it; {stays:.0%} left as it was"
    assert said in answer.notes
    assert PhotoDeblurrer(MotionDeblurrer(SayingBlind(line(5)), agreed))(photo).notes[-1] == answer.notes[-1]


@pytest.mark.parametrize("channels", [1, 3])
def test_where_a_field_is_not_believed_the_direct_network_s_picture_stands_for_any_restorer_s(channels):
    blurry, restorer = torch.rand(1, channels, 64, 96), RichardsonLucy(2)
    field, believed_in = field_of(line(5), blurry), 1 / (1 + math.exp(-1.0 / 0.5))
    torch.testing.assert_close(
        Agreed(restorer, Telling(line(5), line(5), 0.8))(blurry, field, Exposure()),
        believed_in * restorer(blurry, field, Exposure()) + (1 - believed_in) * 0.8,
        atol=1e-5, rtol=0,
    )  # fmt: skip


class Slanting(Telling):
    """Makes a photo brighter to its right and its lower end; counts how often."""

    asked = 0

    def restored(self, blurry, features, skips):
        self.asked += 1
        down, right = (torch.linspace(-0.1, 0.3, side) for side in blurry.shape[-2:])
        return blurry + down[:, None] + right


@pytest.mark.parametrize(
    ("channels", "moves", "size", "looks"),
    [(1, False, (64, 96), 4), (3, True, (64, 96), 4), (3, False, (512, 544), 2), (1, False, (1024, 1056), 2)],
)
def test_turned_the_network_s_picture_is_the_mean_of_two_looks_or_four(channels, moves, size, looks):
    blurry = 0.3 + 0.4 * torch.rand(1, channels, *size)
    network = Slanting(line(5), line(5))
    field = field_of(line(5).T, blurry) if moves else delta_field(blurry, 9)
    restored = Agreed(RichardsonLucy(2), network, 0.1, turned=True)(blurry, field, Exposure())
    share = 1 / (1 + math.exp((2.0 - 1.0) / 0.5)) if moves else 0.0  # of the motion, which is doubted
    expected = share * RichardsonLucy(2)(blurry, field, Exposure()) + (1 - share) * (blurry + 0.2)
    torch.testing.assert_close(restored, expected, atol=1e-5, rtol=0)
    assert network.asked == looks


@pytest.mark.parametrize(
    ("told", "found"),
    [(line(5), line(5)), (line(1), line(1))],
    ids=["the motion found is believed", "nothing moved"],
)
def test_turned_a_network_whose_picture_is_not_needed_is_asked_once(told, found):
    blurry = torch.rand(1, 3, 64, 96)
    networks = Slanting(told, told), Slanting(told, told)
    plain, turned = (
        Agreed(RichardsonLucy(2), network, 2.0, turned=number == 1)(blurry, field_of(found, blurry), Exposure())
        for number, network in enumerate(networks)
    )
    assert [network.asked for network in networks] == [1, 1]
    assert torch.equal(plain, turned)


@pytest.mark.parametrize(("sure", "asked"), [(0.7, 4), (0.87, 1)])
def test_turned_a_network_whose_picture_shows_but_a_little_is_asked_once(sure, asked):
    blurry, network = torch.rand(1, 3, 64, 96), Slanting(line(5), line(5))
    Agreed(RichardsonLucy(2), network, 0.1, turned=True)(blurry, field_of(line(5).T, blurry), Exposure(sure=sure))
    assert network.asked == asked


def test_one_direct_network_is_enough():
    with pytest.raises(ValueError, match="the restorer has a direct network, and direct is another"):
        Agreed(unrolled(Telling(line(1), line(1))), Telling(line(1), line(1)))
    with pytest.raises(ValueError, match="direct network is NoneType"):
        Agreed(RichardsonLucy())


def test_belief_is_half_at_a_pixel_apart():
    kernel, other = torch.zeros(9, 9), torch.zeros(9, 9)
    kernel[4, 1] = kernel[4, 7] = 0.5  # reaches 3
    other[4, 0:2] = other[4, 7:9] = 0.25
    reach = math.sqrt((3**2 + 4**2) / 2)
    told = extent_of(other.view(1, -1, 1, 1).expand(1, -1, 4, 6))
    belief = believed(told, extent_in(field_of(kernel, torch.zeros(1, 1, 32, 48))), 0.2, 0.2)
    assert belief.shape == (1, 1, 4, 6)
    assert belief.unique().item() == pytest.approx(1 / (1 + math.exp(-(1.0 - (reach - 3)) / 0.5)), abs=1e-5)


def along(angle, reach):
    """The root of the covariance of motion along a line, as a vector of a cell."""
    across, down = math.cos(angle), math.sin(angle)
    matrix = reach * np.outer((across, down), (across, down))
    return torch.tensor((matrix[0, 0], matrix[1, 1], math.sqrt(2) * matrix[0, 1])).float().view(1, 3, 1, 1)


@pytest.mark.parametrize(("one", "other"), [(6.0, 4.0), (4.0, 6.0)])
def test_long_kernels_may_be_further_apart(one, other):
    belief = believed(along(0.7, one).expand(-1, -1, 3, 3), along(0.7, other).expand(-1, -1, 3, 3), 0.4, 0.4)
    torch.testing.assert_close(belief, torch.full_like(belief, 1 / (1 + math.exp(-(0.4 * 6.0 - 2.0) / 0.5))))


@pytest.mark.parametrize(("reach", "share"), [(4.0, 0.2), (6.5, 0.2), (7.5, 0.2 + 0.4 / 3), (9.5, 0.6), (12.0, 0.6)])
def test_long_motion_may_be_believed_further_apart_than_its_length_alone_allows(reach, share):
    for one, other in ((reach, reach / 2), (reach / 2, reach)):
        belief = believed(along(0.7, one), along(0.7, other), 0.2, 0.6)
        expected = 1 / (1 + math.exp(-(max(1.0, share * reach) - reach / 2) / 0.5))
        assert belief.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("turned", [0.3, math.pi / 2])
def test_motion_as_far_another_way_is_doubted(turned):
    belief = believed(along(0.2, 3.0), along(0.2 + turned, 3.0), 0.4, 0.4)
    away = 3.0 * math.sqrt(2) * math.sin(turned)  # Frobenius distance of two projections, by their angle
    assert belief.item() == pytest.approx(1 / (1 + math.exp(-(0.4 * 3.0 - away) / 0.5)), abs=1e-6)


def test_a_cell_is_believed_as_those_around_it_are(monkeypatch):
    monkeypatch.setattr("deblur_lightning.deblurring.agreed.AROUND", 5)
    told = torch.zeros(1, 3, 20, 20)
    told[0, :, 10, 10] = along(0.0, 8.0)[0, :, 0, 0]
    belief = believed(told, torch.zeros_like(told), 0.2, 0.2)[0, 0]
    one = (8.0 - 1.6 - 24 * 1.0) / 25  # beyond by 6.4 in one cell, within by a pixel in all others
    assert belief[10, 10].item() == pytest.approx(1 / (1 + math.exp(one / 0.5)), abs=1e-5)
    assert belief[0, 0].item() == pytest.approx(1 / (1 + math.exp(-1.0 / 0.5)), abs=1e-5)


def test_as_shipped_a_right_field_is_believed_everywhere_and_one_that_is_wrong_in_most_places_nowhere(monkeypatch):
    monkeypatch.setattr("deblur_lightning.deblurring.agreed.AROUND", SHIPPED_AROUND)
    sides = (torch.arange(300) >= 152).float().expand(1, 1, 100, 300)
    right = KernelField(torch.stack((line(3), line(7)))[None], torch.cat((1 - sides, sides), dim=1))
    told = extent_in(right)
    assert believed(told, extent_in(right), 0.3, 0.3).min() > 0.85
    wrong = KernelField(torch.stack((line(3), line(7).T))[None], right.coefficients)
    belief = believed(told, extent_in(wrong), 0.3, 0.3)[0, 0]
    assert belief[:, :12].min() > 0.8
    assert belief[:, 26:].max() < 0.2


def test_how_far_reaches_may_be_apart_can_be_told():
    blurry, network = torch.rand(1, 3, 64, 96), Telling(line(5), line(5), 0.8)
    restorer, field = RichardsonLucy(2), field_of(line(5), blurry)
    restored = Agreed(restorer, network, apart=2.0)(blurry, field, Exposure())
    share = 1 / (1 + math.exp(-2.0 * math.sqrt(2) / 0.5))
    expected = share * restorer(blurry, field, Exposure()) + (1 - share) * 0.8
    torch.testing.assert_close(restored, expected, atol=1e-5, rtol=0)


def root_of_covariance(kernel):
    """By its definition, in float64."""
    rows, columns = np.mgrid[: len(kernel), : len(kernel)]
    places = np.stack((columns.ravel(), rows.ravel()))
    values, vectors = np.linalg.eigh(np.cov(places, aweights=kernel.ravel(), ddof=0))
    root = vectors @ np.diag(np.sqrt(values.clip(0))) @ vectors.T
    return root[0, 0], root[1, 1], math.sqrt(2) * root[0, 1]


def test_a_cell_s_spread_is_the_root_of_the_covariance_of_its_pixels_mean_kernel():
    random = torch.Generator().manual_seed(0)
    basis, shares = torch.rand(2, 3, 5, 5, generator=random) ** 4, torch.rand(2, 3, 16, 24, generator=random)
    field = KernelField(basis / basis.sum((2, 3), keepdim=True), shares / shares.sum(1, keepdim=True))
    found = extent_in(field)
    assert found.shape == (2, 3, 2, 3)
    mean = torch.stack([field.kernel_at(8 + y, 16 + x)[1] for y in range(8) for x in range(8)]).mean(0)
    expected = root_of_covariance(mean.double().numpy())
    assert found[1, :, 1, 2].tolist() == pytest.approx(expected, abs=1e-5)
    assert extent_of(mean.view(1, -1, 1, 1)).flatten().tolist() == pytest.approx(expected, abs=1e-5)
    assert found[1, :, 1, 2].norm().item() == pytest.approx(reaches(mean[None]).item(), abs=1e-5)


def test_cells_are_of_eight_pixels_in_photos_of_any_size():
    stripes = (torch.arange(101) // 8 % 2).float().expand(1, 1, 100, 101)
    basis = torch.stack((line(1), line(7)))[None]
    found = extent_in(KernelField(basis, torch.cat((1 - stripes, stripes), dim=1)))
    assert found.shape == (1, 3, 13, 13)
    across = math.sqrt((1 + 4 + 9) * 2 / 7) * (torch.arange(13) % 2)
    torch.testing.assert_close(found[0, 0], across.expand(13, -1), atol=1e-5, rtol=0)


def test_light_that_all_went_to_one_pixel_is_not_spread_whatever_rounding_does():
    basis, shares = torch.zeros(1, 3, 33, 33), torch.rand(1, 3, 160, 240, generator=torch.Generator().manual_seed(0))
    basis[..., 3, 29] = 1
    found = extent_in(KernelField(basis, shares / shares.sum(1, keepdim=True)))
    assert found.abs().max() < 0.1


def test_spreads_are_measured_of_each_cell():
    lines = torch.stack((line(1).flatten(), line(3).flatten(), line(3).T.flatten()), dim=1)
    expected = math.sqrt(2 / 3) * torch.tensor(((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, 0.0)))
    torch.testing.assert_close(extent_of(lines.view(1, 81, 1, 3))[0, :, 0], expected)


def mixing(share, one, other):
    return share * one + (1 - share) * other


@pytest.mark.parametrize("apart", [0.2, 2.0])
def test_the_field_asked_for_is_the_estimated_one_as_far_as_it_is_believed_and_elsewhere_what_the_network_sees(apart):
    torch.manual_seed(0)
    upright = line(5).T.contiguous()
    chain = MotionDeblurrer(Saying(upright), Agreed(unrolled(Telling(line(1), line(5))), apart=apart))
    field = PhotoDeblurrer(chain).field(torch.rand(1, 3, 96, 160))
    assert field.coefficients.shape[-2:] == (96, 160)
    half = max(1.0, apart * math.sqrt(2))
    still, moved = (1 / (1 + math.exp(-(half - away) / 0.5)) for away in (math.sqrt(2), 2.0))
    torch.testing.assert_close(field.kernel_at(40, 10)[0], mixing(still, upright, line(1)), atol=2e-3, rtol=0)
    torch.testing.assert_close(field.kernel_at(40, 150)[0], mixing(moved, upright, line(5)), atol=2e-3, rtol=0)


@pytest.mark.parametrize(("apart_long", "expected"), [(None, 0.2), (0.7, 0.7)])
def test_how_far_apart_long_motion_may_be_can_be_told(apart_long, expected, monkeypatch):
    blurry, network = torch.rand(1, 3, 64, 96), Telling(line(5), line(5), 0.8)
    monkeypatch.setattr("deblur_lightning.deblurring.agreed.LONG", (0.1, 0.2))
    field, agreed = field_of(line(5).T, blurry), Agreed(RichardsonLucy(2), network, 0.2, apart_long)
    share = 1 / (1 + math.exp(-(max(1.0, expected * math.sqrt(2)) - 2.0) / 0.5))
    restored = RichardsonLucy(2)(blurry, field, Exposure())
    torch.testing.assert_close(
        agreed(blurry, field, Exposure()), share * restored + (1 - share) * 0.8, atol=1e-5, rtol=0
    )
    seen = agreed.seen(blurry, field, Exposure()).kernel_at(30, 30)[0]
    torch.testing.assert_close(seen, mixing(share, line(5).T, line(5)), atol=2e-3, rtol=0)


def test_kernels_of_another_size_than_the_network_s_fit_the_field():
    blurry = torch.rand(1, 3, 64, 64)
    agreed = Agreed(RichardsonLucy(1), Telling(line(5), line(5)))
    seen = agreed.seen(blurry, field_of(line(5, 13), blurry), Exposure())
    torch.testing.assert_close(seen.kernel_at(30, 30)[0], line(5, 13), atol=1e-3, rtol=0)


class AtScale(LongMotion):
    """Takes the photo at one scale, whatever it shows."""

    def __call__(self, estimate, blurry, exposure, drawn, ask):
        small = reduced(blurry, self.most, 2.2)
        return SeenMotion(self.most, small, estimate(small, exposure).field, exposure)


@pytest.mark.parametrize(("factor", "length"), [(1, 5), (2, 9)])
def test_a_restored_photo_shows_what_the_network_sees_at_the_scale_that_it_was_restored_at(factor, length, monkeypatch):
    monkeypatch.setattr("deblur_lightning.deblurring.agreed.LEAST_APART", -9.0)  # nothing is believed
    chain = MotionDeblurrer(BlindEstimator(9), Agreed(unrolled(Telling(line(1), line(5))), apart=-9.0))
    blurry = torch.rand(1, 3, 96, 128)
    model = PhotoDeblurrer(chain, long_motion=AtScale(most=factor))
    seen, undone = model(blurry).field, model(blurry, with_field=False).field
    assert seen.coefficients.shape[-2:] == (96, 128)
    assert seen.kernel_size == 8 * factor + 1
    across = [seen.kernel_at(48, column)[0].sum(0) for column in (10, 120)]
    assert [int((light > 0.08).sum()) for light in across] == [1, length]  # what stayed stays, at any scale
    if factor > 1:
        assert undone is None
    else:
        assert undone.coefficients.shape[-2:] == (96, 128)
        assert int((undone.kernel_at(48, 120)[0].sum(0) > 0.08).sum()) != length
    asked = model.field(blurry)
    torch.testing.assert_close((asked.basis, asked.coefficients), (seen.basis, seen.coefficients))


def spread_of(length):
    """How far a line of so many pixels spreads light: the root of its variance."""
    return math.sqrt((length**2 - 1) / 12)


@pytest.mark.parametrize(("right", "believed_share"), [(7, 1 / (1 + math.exp(-2))), (1, 1 / (1 + math.exp(2)))])
def test_an_opinion_of_a_field_counts_where_that_moves(right, believed_share, monkeypatch):
    monkeypatch.setattr("deblur_lightning.deblurring.agreed.AROUND", 1)
    share = torch.zeros(1, 1, 64, 128)
    share[..., 64:] = 1
    field = KernelField(torch.stack((line(1), line(7)))[None], torch.cat((1 - share, share), dim=1))
    opinion = Agreed(Black(Telling(line(1), line(right))), apart=0.3).opinion(torch.rand(1, 3, 64, 128), field)
    assert opinion.told == pytest.approx(spread_of(right) / 2, rel=0.02)
    assert opinion.found == pytest.approx(spread_of(7) / 2, rel=0.02)
    # Both say that the left half stands still: that is no witness of what moved.
    assert opinion.belief == pytest.approx(believed_share, abs=0.01)


def test_an_opinion_is_of_the_part_of_a_large_photo_in_which_something_moved():
    photo = torch.rand(1, 3, 520, 1200)
    photo[..., 520:] = 0.5 + 0.1 * (photo[..., 520:] - 0.5)
    share = torch.zeros(1, 1, 520, 1200)
    share[..., 688:] = 1
    field = KernelField(torch.stack((line(1), line(7)))[None], torch.cat((1 - share, share), dim=1))
    asked = Agreed(Black(Telling(line(5), line(5))))
    assert asked.opinion(photo, field).found == pytest.approx(spread_of(7), rel=0.02)


def test_of_a_field_without_motion_nothing_is_confirmed_or_wrong():
    photo = torch.rand(1, 3, 64, 64)
    opinion = Agreed(Black(Telling(line(5), line(5)))).opinion(photo, delta_field(photo, 9))
    assert opinion.found == pytest.approx(0, abs=1e-3)
    assert opinion.told == pytest.approx(spread_of(5), rel=0.02)
    assert 0 <= opinion.belief <= 1
    assert RichardsonLucy().opinion(photo, delta_field(photo, 9)) is None


@pytest.mark.parametrize("colour", [(0.4, 0.4, 0.4), (0.1, 0.5, 0.9)])
def test_a_picture_of_one_colour_shows_no_motion(colour):
    flat = torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, 48, 48)
    answer = Agreed(Black(Telling(line(5), line(5)))).judged(flat, field_of(line(5), flat), Exposure())
    assert not answer.trust.any()
    torch.testing.assert_close(answer.picture, flat)


def test_the_picture_alone_is_the_judged_one():
    blurry = torch.rand(1, 3, 48, 48)
    agreed, field = Agreed(Black(Telling(line(1), line(5)))), field_of(line(5), blurry)
    torch.testing.assert_close(agreed(blurry, field, Exposure()), agreed.judged(blurry, field, Exposure()).picture)


def test_fading_pictures_are_judged_like_any_others():
    torch.manual_seed(0)
    blurry, network = torch.rand(1, 3, 72, 72), Telling(line(5), line(5))
    agreed, field = Agreed(RichardsonLucy(2), network), field_of(line(5), blurry)
    faded, plain = (agreed.judged(blurry, field, Exposure(1.0, sides)) for sides in (EVERY_SIDE, NO_SIDE))
    torch.testing.assert_close(faded.trust, plain.trust)
    assert not torch.equal(faded.picture, plain.picture)  # its restorer looks for no light beyond


@pytest.mark.parametrize("direct", [None, FoldedNAFNet(width=4, middle_blocks=1)])
def test_a_direct_network_that_tells_no_motion_is_refused(direct):
    with pytest.raises(ValueError, match=f"is {type(direct).__name__}, which tells no motion. Pass a SeeingNAFNet"):
        Agreed(unrolled(direct))


@torch.no_grad()
def test_pictures_of_a_batch_do_not_depend_on_each_other():
    blurry = torch.rand(2, 3, 64, 64)
    network = SeeingNAFNet(9, width=8, middle_blocks=1, encoder_blocks=(1, 1, 1), decoder_blocks=(1, 1, 1), finer=1)
    nn.init.normal_(network.head.weight)
    agreed, field = Agreed(unrolled(network)), field_of(line(5), blurry)
    both = agreed.judged(blurry, field, Exposure())
    alone = agreed.judged(blurry[1:], field_of(line(5), blurry[1:]), Exposure())
    torch.testing.assert_close((both.picture[1:], both.trust[1:]), (alone.picture, alone.trust), rtol=0, atol=0)
