import numpy as np
import pytest
import torch

from deblur_lightning.reports.figures import Crop, draw_comparison, draw_errors, most_blurred


def _pictures():
    sharp = torch.rand(3, 40, 60, generator=torch.Generator().manual_seed(0))
    blurry = sharp.clone()
    blurry[:, 12:28, 30:46] = 0.5  # nothing is left there
    return {"Blurry": blurry, "Restored": (blurry + sharp) / 2, "Sharp": sharp}


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (30, 1), (2, 2)])
def test_pictures_too_small_to_have_slopes_are_compared_too(size):
    assert most_blurred(torch.rand(3, *size), torch.rand(3, *size))[2:] == (min(size), min(size))


def test_the_most_blurred_square_is_found():
    pictures = _pictures()
    crop = most_blurred(pictures["Blurry"], pictures["Sharp"], side=16)
    assert abs(crop.top - 12) <= 1
    assert abs(crop.left - 30) <= 1
    assert crop[2:] == (16, 16)


def test_every_inset_shows_the_same_place():
    pictures, crop = _pictures(), Crop(3, 5, 10, 20)
    figure = draw_comparison(pictures, crop)
    assert [ax.get_title() for ax in figure.axes[:3]] == list(pictures)
    for ax, picture in zip(figure.axes[3:], pictures.values(), strict=True):
        expected = picture[:, 3:13, 5:25].permute(1, 2, 0).numpy()
        np.testing.assert_allclose(ax.images[0].get_array(), expected, atol=1e-6)


def test_figures_of_a_picture_as_thin_as_a_thread_stay_figures():
    pictures = {name: picture[:, :1].mT.repeat(1, 100, 1) for name, picture in _pictures().items()}
    assert pictures["Sharp"].shape == (3, 6000, 1)
    for figure in (draw_comparison(pictures, Crop(0, 0, 3000, 1)), draw_errors(pictures)):
        assert max(figure.get_size_inches()) < 30


def test_the_place_is_picked_where_none_is_given():
    assert len(draw_comparison(_pictures()).axes) == 6


def test_errors_share_one_scale_and_leave_the_sharp_picture_out():
    figure = draw_errors(_pictures())
    drawn = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title().split(":")[0] for ax in drawn] == ["Blurry", "Restored"]
    assert len({ax.images[0].get_clim() for ax in drawn}) == 1


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: draw_comparison({"Blurry": torch.rand(3, 8, 8)}), "two or more of one size. Pass those"),
        (lambda: draw_comparison(_pictures(), Crop(35, 0, 10, 10)), "Keep it inside"),
        (lambda: draw_errors(_pictures(), sharp="Truth"), "errors need 'Truth'. Add it"),
        (lambda: most_blurred(torch.rand(3, 8, 8), torch.rand(3, 8, 9)), "Pass pictures of one size"),
    ],
)
def test_what_cannot_be_compared_is_said(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
