import pytest
import torch

from deblur_lightning.field import check_field
from deblur_lightning.physics import shake_field


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_field_is_one_and_its_kernels_are_centred():
    field = shake_field((40, 31), 17, generator=seeded(), grid=3)
    check_field(field)
    assert field.basis.shape == (1, 9, 17, 17)
    assert field.coefficients.shape == (1, 9, 40, 31)
    axis = torch.arange(17.0) - 8
    assert (field.basis[0].sum(1) @ axis).abs().max() < 1e-4
    assert (field.basis[0].sum(2) @ axis).abs().max() < 1e-4


def test_a_node_has_its_own_kernel_and_a_pixel_between_two_has_their_mean():
    field = shake_field((41, 41), 17, generator=seeded(), grid=3)
    top, middle = field.basis[:, 0], field.basis[:, 3]
    assert torch.allclose(field.kernel_at(0, 0), top)
    assert torch.allclose(field.kernel_at(20, 0), middle)
    assert torch.allclose(field.kernel_at(10, 0), (top + middle) / 2)


def test_without_rotation_every_kernel_is_the_same_and_with_it_corners_differ():
    still = shake_field((64, 64), 33, generator=seeded(), rotation=0.0).basis[0]
    turned = shake_field((64, 64), 33, generator=seeded(), rotation=0.2).basis[0]
    assert torch.allclose(still, still[:1].expand_as(still), atol=1e-6)
    assert (turned[0] - turned[-1]).abs().sum() > 0.1


def test_the_longest_kernel_reaches_as_far_as_asked():
    field = shake_field((50, 50), 21, generator=seeded(), reach=(0.5, 0.5))
    axis = (torch.arange(21) - 10).abs()
    lit = torch.maximum(axis.unsqueeze(0), axis.unsqueeze(1))[(field.basis[0] > 0).any(0)]
    assert lit.max().item() == 5


@pytest.mark.parametrize(
    ("arguments", "remedy"), [({"grid": 1}, "Pass at least 2"), ({"reach": (0.5, 1.5)}, r"Order it within \(0, 1\]")]
)
def test_fields_that_cannot_be_are_refused(arguments, remedy):
    with pytest.raises(ValueError, match=remedy):
        shake_field((20, 20), 9, generator=seeded(), **arguments)


def test_a_picture_without_pixels_has_no_field():
    with pytest.raises(ValueError, match="size is 0 x 10, but a picture has a pixel each way"):
        shake_field((0, 10), 9, generator=seeded())
