import pytest
import torch

from deblur_lightning.estimation.minimal_pixels import PATCH, Darkness, darkened


def slowly(light, change):
    """Patch by patch."""
    changed = light.clone()
    for top in range(0, light.shape[0], PATCH):
        for left in range(0, light.shape[1], PATCH):
            patch = light[top : top + PATCH, left : left + PATCH]
            row, column = divmod(int(patch.argmin()), patch.shape[1])
            changed[top + row, left + column] = change(patch.min().item())
    return changed


@pytest.fixture
def light():
    return torch.rand(12, 23, generator=torch.Generator().manual_seed(0)) - 0.05


def test_drawing_to_zero_is_that_of_a_loop_over_patches(light):
    expected = slowly(light, lambda value: max(abs(value) - 0.03, 0) * (1 if value > 0 else -1))
    torch.testing.assert_close(darkened(light, Darkness(0.03, cut=False)), expected)


def test_cutting_is_that_of_a_loop_over_patches(light):
    minima = []
    slowly(light, lambda value: minima.append(abs(value)) or value)
    threshold = min(max(0.01, sum(minima) / len(minima)), 0.1)
    assert threshold > 0.01  # their mean decides
    expected = slowly(light, lambda value: 0.0 if abs(value) < threshold else value)
    torch.testing.assert_close(darkened(light, Darkness(0.01, cut=True)), expected)


def test_the_cut_is_never_above_a_tenth():
    light = torch.full((10, 10), 0.3)
    assert torch.equal(darkened(light, Darkness(0.05, cut=True)), light)
