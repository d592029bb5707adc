import numpy as np
import torch

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation.continued import continued
from deblur_lightning.estimation.edges_only import edges_only
from deblur_lightning.estimation.field_edges import field_edges
from deblur_lightning.field import KernelField
from deblur_lightning.physics import BlurOperator, blur, shake_field

SIZE, KERNEL = 96, 13


def scene():
    leaves = dead_leaves(SIZE + KERNEL - 1, np.random.default_rng(2))
    return (torch.tensor(leaves) / 255).pow(2.2).mean(-1).float()


def test_the_edges_of_a_turning_camera_are_nearer_to_the_sharp_picture_than_the_blurry_one():
    sharp = scene()
    field = shake_field((SIZE, SIZE), KERNEL, generator=torch.Generator().manual_seed(5), rotation=0.2)
    light = blur(sharp[None, None], field, "valid")[0, 0]
    found = field_edges(light, field, 1e-3)
    assert found.shape == sharp.shape
    inner = slice(KERNEL // 2, -(KERNEL // 2))
    before = (light - sharp[inner, inner]).square().mean()
    assert (found - sharp)[inner, inner].square().mean() < 0.4 * before


def test_one_kernel_gives_nearly_what_division_in_the_fourier_domain_gives():
    sharp = scene()
    kernel = torch.zeros(KERNEL, KERNEL)
    kernel[6, 3:10] = 1 / 7
    field = KernelField(kernel[None, None], torch.ones(1, 1, SIZE, SIZE))
    light = blur(sharp[None, None], field, "valid")[0, 0]
    inner = slice(16, -16)
    divided = edges_only(continued(light, KERNEL), kernel, 2e-3)[:SIZE, :SIZE][inner, inner]
    found = field_edges(light, field, 2e-3)[6:-6, 6:-6][inner, inner]
    apart = (found - divided).square().mean()
    assert apart < 0.3 * (light[inner, inner] - divided).square().mean()


def test_each_weight_takes_as_many_looks_through_the_operator_as_steps():
    field = shake_field((40, 44), 9, generator=torch.Generator().manual_seed(5))

    class Counting(BlurOperator):
        looks = 0

        def blur(self, image):
            Counting.looks += 1
            return super().blur(image)

    light = torch.rand(40, 44, generator=torch.Generator().manual_seed(6))
    field_edges(light, field, 1 / 16, operator=Counting(field, "valid"), steps=2)
    assert Counting.looks == 1 + 2 * len((1 / 8, 1 / 4, 1 / 2))  # and one of the picture that it begins with


def test_a_flat_picture_stays_flat():
    field = shake_field((40, 44), 9, generator=torch.Generator().manual_seed(5))
    found = field_edges(torch.full((40, 44), 0.3), field, 1e-3)
    torch.testing.assert_close(found, torch.full((48, 52), 0.3), atol=1e-4, rtol=0)
