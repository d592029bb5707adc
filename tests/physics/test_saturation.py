import math

import pytest
import torch

from deblur_lightning.physics import saturate, saturate_derivative


@pytest.mark.parametrize(("most", "sharpness"), [(1.0, 50.0), (0.5, 50.0), (1.0, 10.0)])
def test_it_is_whytes_formula(most, sharpness):
    light = [-0.5, 0.0, 0.3, 0.49, 0.5, 0.99, 1.0, 1.01, 1.7]
    written = [x - math.log1p(math.exp(sharpness * (x - most))) / sharpness for x in light]
    found = saturate(torch.tensor(light, dtype=torch.float64), most, sharpness)
    torch.testing.assert_close(found, torch.tensor(written, dtype=torch.float64), rtol=0, atol=1e-15)


def test_the_largest_and_smallest_numbers_neither_overflow_nor_change_the_callers_tensor():
    light = torch.tensor([-3e38, -1e4, 0.0, 1e4, 3e38], requires_grad=True)
    before = light.detach().clone()
    recorded = saturate(light)
    recorded.sum().backward()
    assert recorded.tolist() == pytest.approx([-3e38, -1e4, 0.0, 1.0, 1.0], rel=1e-6)
    assert light.grad.tolist() == [1, 1, 1, 0, 0]
    assert torch.equal(light.detach(), before)


def test_its_slope_is_the_derivative_at_the_ceiling_too():
    light = torch.tensor([0.2, 0.98, 1.0, 1.02, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(saturate, light)
    (slope,) = torch.autograd.grad(saturate(light).sum(), light)
    torch.testing.assert_close(slope, saturate_derivative(light.detach()))
    assert saturate_derivative(torch.tensor([-3e38, 1.0, 3e38])).tolist() == [1.0, 0.5, 0.0]


@pytest.mark.parametrize("sharpness", [0.0, -1.0, math.nan])
def test_a_ceiling_needs_a_sharpness(sharpness):
    with pytest.raises(ValueError, match=r"sharpness is .*, but it is a number above 0"):
        saturate(torch.ones(2), sharpness=sharpness)
