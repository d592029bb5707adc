import numpy as np
import pytest
import torch

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation import dense_field
from deblur_lightning.estimation.dense_field import fills_its_square
from deblur_lightning.estimation.kernel_shape import no_blur
from deblur_lightning.field import KernelField, check_field
from deblur_lightning.losses import kernel_distance
from deblur_lightning.physics import expose, shake_field

SIZE, KERNEL = 128, 17


def shot(field):
    scene = torch.tensor(dead_leaves(SIZE + KERNEL - 1, np.random.default_rng(8))).permute(2, 0, 1) / 255
    return expose(scene[None].float().pow(2.2), field, generator=torch.Generator().manual_seed(1), noise=0.003)


def constant(kernel):
    return KernelField(kernel[None, None], torch.ones(1, 1, SIZE, SIZE))


def test_the_field_of_a_turning_camera_is_nearer_than_no_blur():
    true = shake_field((SIZE, SIZE), KERNEL, generator=torch.Generator().manual_seed(6), rotation=0.2, reach=(0.8, 0.9))
    found = dense_field(shot(true), kernel_size=KERNEL)
    check_field(found)
    nothing = constant(no_blur(true.basis[0, 0]))
    assert kernel_distance(found, true) < 0.25 * kernel_distance(nothing, true)


def test_kernels_that_fill_their_squares_are_no_path():
    even = constant(torch.full((KERNEL, KERNEL), KERNEL**-2.0))
    assert fills_its_square(even)
    long = torch.zeros(KERNEL, KERNEL)
    long[KERNEL // 2, 1:-1] = 1 / (KERNEL - 2)
    assert not fills_its_square(constant(long))


def test_a_sharp_picture_is_left_alone():
    nothing = constant(no_blur(torch.zeros(KERNEL, KERNEL)))
    found = dense_field(shot(nothing), kernel_size=KERNEL)
    moved = 1 - found.mean_kernel()[0, KERNEL // 2, KERNEL // 2]
    assert moved < 0.02


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_a_picture_without_any_edge_shows_no_motion(value):
    field = dense_field(torch.full((1, 3, 64, 70), value), kernel_size=9)
    check_field(field)
    assert field.coefficients.shape[-2:] == (64, 70)
    assert torch.equal(field.mean_kernel()[0], no_blur(torch.zeros(9, 9)))


@pytest.mark.parametrize(
    ("blurry", "options", "remedy"),
    [
        (torch.zeros(2, 3, 80, 80), {}, "one by one"),
        (torch.zeros(1, 3, 80, 60), {}, "smaller kernel_size"),
        (torch.zeros(1, 3, 80, 80), {"kernel_size": 16}, "Pass 17"),
        (torch.zeros(1, 3, 80, 80), {"kernel_size": 3}, "Pass 5"),
        (torch.full((1, 3, 80, 80), 128.0), {}, "Divide it by 255"),
        (torch.zeros(1, 3, 80, 80), {"gamma": 0.0}, "gamma"),
    ],
)
def test_what_cannot_be_estimated_is_refused(blurry, options, remedy):
    with pytest.raises(ValueError, match=remedy):
        dense_field(blurry, **options)
