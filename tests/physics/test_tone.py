import pytest
import torch

from deblur_lightning.physics import to_display, to_linear


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2, 2.4, 3.0, 5.0])
def test_every_level_of_8_bits_comes_back_from_light(gamma: float) -> None:
    levels = torch.arange(256)
    back = to_display(to_linear(levels / 255, gamma), gamma) * 255
    assert torch.equal(back.round().long(), levels)


@pytest.mark.parametrize("gamma", [1.8, 2.2, 5.0])
def test_light_is_encoded_as_written_out_with_finite_slopes_and_black_stays(gamma: float) -> None:
    light = torch.tensor([0.0, 1e-30, 1e-5, 0.3, 1.0], dtype=torch.float64, requires_grad=True)
    display = to_display(light, gamma)
    torch.testing.assert_close(display[2:], light[2:] ** (1 / gamma), rtol=1e-12, atol=0)
    assert display[0] == 0
    display.sum().backward()
    assert light.grad is not None
    assert light.grad.isfinite().all()
