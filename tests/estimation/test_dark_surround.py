"""Which pictures were blurred with nothing beyond their borders."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from deblur_lightning.estimation import dark_beyond, with_fade, without_fade
from deblur_lightning.exposure import Sides
from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.physics import blur, shake_kernels
from deblur_lightning.physics.borders import darken_

PHOTOS = ["astronaut", "coffee", "chelsea"]


def photo(name="astronaut", top=60, left=80, side=192):
    cut = getattr(data, name)()[top : top + side, left : left + side]
    return torch.from_numpy(cut.copy()).permute(2, 0, 1)[None] / 255


def blurred(sharp, seed, extent, padding):
    kernel = shake_kernels(1, 33, generator=torch.Generator().manual_seed(seed), extent=(extent, extent))
    field = delta_field(sharp, 33)._replace(basis=kernel[None])
    return blur(sharp, field, padding).clamp(0, 1)


@pytest.mark.parametrize("extent", [8.0, 16.0, 28.0])
def test_a_program_that_shakes_with_zeros_beyond_is_noticed(extent):
    noticed = [dark_beyond(blurred(photo(name), seed, extent, "zeros")) for name in PHOTOS for seed in range(12)]
    assert torch.cat(noticed).double().mean() > 0.9


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(PHOTOS),
    st.integers(0, 1000),
    st.floats(3, 32),
    st.sampled_from(["reflect", "replicate", "circular"]),
)
def test_no_other_blur_is_taken_for_such(name, seed, extent, padding):
    assert not dark_beyond(blurred(photo(name), seed, extent, padding)).any()


@pytest.mark.parametrize("length", [5, 9, 21, 33])
@pytest.mark.parametrize("upright", [False, True])
def test_a_straight_line_fades_at_two_sides_and_is_noticed(length, upright):
    sharp = photo("coffee")
    kernel = torch.zeros(1, 1, 33, 33)
    kernel[..., 16, 16 - length // 2 : 17 + length // 2] = 1 / length
    field = delta_field(sharp, 33)._replace(basis=kernel.mT if upright else kernel)
    assert dark_beyond(blur(sharp, field, "zeros")).all()
    assert not dark_beyond(blur(sharp, field, "reflect")).any()


def test_frames_vignettes_and_dark_pictures_do_not_fade():
    sharp = photo()
    framed = F.pad(sharp[..., 2:-2, 2:-2], (2, 2, 2, 2))
    reach = torch.linspace(-1, 1, 192)
    vignette = sharp * (1 - 0.45 * (reach[:, None].square() + reach.square()).clamp(max=2))
    half_covered = sharp.clone()  # as where a picture with black bars was resized
    half_covered[..., [0, -1]] /= 2
    two_sides = torch.ones_like(sharp)
    two_sides[..., 0] = two_sides[..., 0, :] = 0.5
    for picture in (
        framed,
        vignette,
        half_covered,
        two_sides,
        0.004 * sharp,
        torch.zeros_like(sharp),
        torch.ones_like(sharp),
    ):
        assert not dark_beyond(picture).any()


def test_each_picture_of_a_batch_is_told_by_itself_and_small_ones_never_fade():
    sharp = photo()
    faded = blurred(sharp, 3, 12.0, "zeros")
    assert dark_beyond(torch.cat((sharp, faded, sharp))).tolist() == [False, True, False]
    assert dark_beyond(F.pad(torch.ones(1, 1, 64, 64), (1,) * 4, value=0.5)).all()
    assert not dark_beyond(F.pad(torch.ones(1, 1, 64, 63), (1,) * 4, value=0.5)).any()


@pytest.mark.parametrize("sides", [Sides(), Sides(top=True), Sides(left=True, bottom=True), Sides(*[True] * 4)])
def test_what_is_cut_off_is_what_the_field_is_continued_over(sides):
    pictures = torch.rand(2, 3, 70, 90)
    inner = without_fade(pictures, sides)
    rows, columns = 70 - 8 * (sides.top + sides.bottom), 90 - 8 * (sides.left + sides.right)
    assert inner.shape == (2, 3, rows, columns)
    torch.testing.assert_close(inner, pictures[..., 8 * sides.top :, 8 * sides.left :][..., :rows, :columns])
    field = KernelField(torch.full((2, 2, 3, 3), 1 / 9), torch.rand(2, 2, rows, columns))
    whole = with_fade(field, sides)
    assert whole.coefficients.shape[-2:] == (70, 90)
    torch.testing.assert_close(without_fade(whole.coefficients, sides), field.coefficients)
    if sides.top:
        torch.testing.assert_close(whole.coefficients[..., 0, 40], whole.coefficients[..., 8, 40])


def test_darkening_takes_the_named_sides_alone():
    picture = torch.ones(1, 1, 6, 7)
    expected = torch.ones(6, 7)
    expected[:2], expected[:, -2:] = 0, 0
    torch.testing.assert_close(darken_(picture, 2, Sides(top=True, right=True))[0, 0], expected)
    torch.testing.assert_close(darken_(torch.ones(1, 1, 6, 7), 0, Sides(*[True] * 4)), torch.ones(1, 1, 6, 7))
