import re

import numpy as np
import pytest
import torch

from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.reports.figures import draw_basis, draw_coefficients, draw_field, save_figure
from deblur_lightning.reports.figures.field import paths_at


def _field(pictures=1, count=3, size=7, height=24, width=31):
    generator = torch.Generator().manual_seed(0)
    basis = torch.rand(pictures, count, size, size, generator=generator)
    coefficients = torch.randn(pictures, count, height, width, generator=generator).softmax(1)
    return KernelField(basis / basis.sum((-2, -1), keepdim=True), coefficients)


def test_the_drawn_kernel_is_the_pixels_kernel_as_light_moved():
    field = _field()
    paths = paths_at(field, np.array([2, 20]), np.array([5, 6, 30]), (24, 31))
    assert paths.shape == (2, 3, 7, 7)
    np.testing.assert_allclose(paths[1, 2], field.kernel_at(20, 30)[0].numpy()[::-1, ::-1], rtol=1e-5)


def test_a_photo_of_a_point_shows_the_path_that_is_drawn():
    from deblur_lightning.physics import blur

    field = _field(count=1)
    point = torch.zeros(1, 1, 24, 31)
    point[..., 12, 15] = 1
    seen = blur(point, field)[0, 0, 9:16, 12:19].numpy()
    np.testing.assert_allclose(seen, paths_at(field, np.array([12]), np.array([15]), (24, 31))[0, 0], atol=1e-6)


def test_figures_have_one_panel_a_basis_kernel():
    field = _field(pictures=2, count=5)
    assert len([ax for ax in draw_basis(field, picture=1).axes if ax.images]) == 5
    assert len([ax for ax in draw_coefficients(field).axes if ax.images]) == 5


def test_figures_say_that_kernels_are_flipped():
    image, field = torch.rand(3, 24, 31), _field()
    for figure in (draw_basis(field), draw_coefficients(field), draw_field(image, field)):
        said = [text.get_text() for text in figure.texts]
        assert any("flipped from the kernels' correlation orientation" in text for text in said)


def test_each_kernel_of_the_grid_is_drawn_once_over_the_photo():
    figure = draw_field(torch.rand(1, 3, 24, 31), _field(), kernels=4)
    assert len(figure.axes[0].images) == 1 + 3 * 3  # cells of 8 pixels


def test_a_still_photo_can_be_drawn():
    image = torch.rand(1, 1, 24, 31)
    figure = draw_field(image, delta_field(image, 33))
    assert len(figure.axes[0].images) > 1


@pytest.mark.parametrize("kernels", [2, 5, 8, 11, 40])
def test_where_nothing_moved_a_kernel_is_not_drawn_larger_than_four_times(kernels):
    photo = torch.rand(1, 3, 200, 240, generator=torch.Generator().manual_seed(0))
    figure = draw_field(photo, delta_field(photo, 33), kernels)
    (enlarged,) = re.findall(r"drawn ([\d.]+)× its size", figure.get_supxlabel())
    assert float(enlarged) <= 4


def test_the_same_figure_is_the_same_file(tmp_path):
    for name in ("one", "two"):
        save_figure(draw_field(torch.full((3, 24, 31), 0.5), _field(), kernels=3), tmp_path / name)
    for suffix in (".png", ".pdf"):
        assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()
    assert len(list(tmp_path.iterdir())) == 4


def test_large_maps_are_averaged_not_sampled():
    coefficients = torch.zeros(1, 2, 4, 1280)
    coefficients[:, 0, :, ::2] = 1
    coefficients[:, 1] = 1 - coefficients[:, 0]
    figure = draw_coefficients(KernelField(torch.full((1, 2, 3, 3), 1 / 9), coefficients))
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), 0.5)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: draw_field(torch.rand(3, 24, 30), _field()), "Pass the photo that the field was estimated from"),
        (lambda: draw_field(torch.rand(3, 24, 31), _field(pictures=2)), "Index both tensors"),
        (lambda: draw_field(torch.rand(2, 3, 24, 31), _field()), r"Pass \[C, H, W\]"),
        (lambda: draw_basis(_field(), picture=1), "picture is 1, but the field has 1. Count from 0"),
    ],
)
def test_what_cannot_be_drawn_is_said(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
