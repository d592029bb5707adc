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


def _one_motion(height=120, width=150):
    """A bar of light of 1 x 9 pixels, everywhere, that went from the kernel's centre to the right."""
    basis = torch.zeros(1, 2, 33, 33)
    basis[0, :, 16, 8:17] = 1 / 9  # as correlation kernels, which are the light's path turned by half a turn
    coefficients = torch.full((1, 2, height, width), 0.5)
    return KernelField(basis, coefficients)


def test_every_kernel_is_drawn_whole():
    field = _one_motion()
    basis = field.basis.clone()
    basis[0, 1] = 0
    basis[0, 1, 0, 16] = 0.02  # a faint end at the very border, after a bright start: 0.02 of the light
    basis[0, 1, 16, 16] = 0.98
    coefficients = torch.zeros(1, 2, 120, 150)
    coefficients[:, 0, :, :75] = 1
    coefficients[:, 1, :, 75:] = 1
    figure = draw_field(torch.rand(3, 120, 150), KernelField(basis, coefficients), kernels=4)
    left, right = figure.axes[0].images[1], figure.axes[0].images[3]  # of three in a row
    assert left.get_array().shape[:2] == right.get_array().shape[:2] == (33, 33)
    np.testing.assert_allclose(left.get_array()[16, 16:25, 3], 1, rtol=1e-5)
    np.testing.assert_allclose(right.get_array()[32, 16, 3], np.sqrt(0.02 / 0.98), rtol=1e-5)
    edges = [image.get_extent() for image in figure.axes[0].images[1:3]]
    assert edges[0][1] < edges[1][0]  # neighbours do not touch


def test_of_one_motion_that_is_said_and_few_kernels_are_drawn_large():
    photo, field = torch.rand(3, 120, 150, generator=torch.Generator().manual_seed(0)), _one_motion()
    figure = draw_field(photo, field)
    said = figure.get_supxlabel()
    assert said.startswith("One motion for the whole photo, light spread over 8.9 px, mostly along 0°")
    assert len(figure.axes[0].images) == 1 + 6 * 4  # cells of 25 pixels
    moved = field._replace(coefficients=field.coefficients.clone())
    moved.basis[0, 1] = field.basis[0, 1].T.clone()
    moved.coefficients[:, 0, :20, :20], moved.coefficients[:, 1, :20, :20] = 0, 1
    assert draw_field(photo, moved).get_supxlabel().startswith("Every 10 px")


def test_kernels_that_no_pixel_uses_are_left_out_and_the_rest_cut_to_their_light():
    field = _one_motion()
    coefficients = torch.cat((torch.ones(1, 1, 120, 150), torch.zeros(1, 1, 120, 150)), dim=1)
    (ax,) = draw_basis(KernelField(field.basis, coefficients)).axes
    assert ax.images[0].get_array().shape == (17, 17)  # eight pixels to each side
    assert ax.get_title() == "0: 100.0%\nlight spread over 8.9 px\nmostly along 0°"


def test_coefficients_of_one_kernel_are_the_photo_and_the_kernel_not_a_plain_rectangle():
    photo = torch.rand(3, 120, 150, generator=torch.Generator().manual_seed(0))
    field = KernelField(_one_motion().basis[:, :1], torch.ones(1, 1, 120, 150))
    figure = draw_coefficients(field, image=photo)
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), 0.8 * photo.mean(dim=0), rtol=1e-5)
    assert figure.get_suptitle().startswith("One motion for the whole photo, its coefficient 1 everywhere")
    assert float(draw_coefficients(field).axes[0].images[0].get_array().std()) > 0  # the kernel, where no photo is


def test_maps_lie_over_their_photo_which_must_be_theirs():
    photo, field = torch.rand(3, 24, 31, generator=torch.Generator().manual_seed(0)), _field()
    under, over = draw_coefficients(field, image=photo).axes[0].images
    np.testing.assert_allclose(under.get_array(), 0.8 * photo.mean(dim=0), rtol=1e-5)
    np.testing.assert_allclose(over.get_array(), field.coefficients[0, 0])
    with pytest.raises(ValueError, match="Pass the photo of the field"):
        draw_coefficients(field, image=photo[:, :-1])


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


@pytest.mark.parametrize("size", [(700, 1), (1, 700), (60, 40)])
def test_a_figure_is_no_taller_than_a_page_however_narrow_its_photo(size):
    photo = torch.rand(1, 3, *size)
    width, height = draw_field(photo, delta_field(photo, 5)).get_size_inches()
    assert width <= 9
    assert height <= 15
    if size == (60, 40):
        assert (width, round(height, 2)) == (9, 13.73)
