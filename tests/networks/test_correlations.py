"""Edge correlations against a loop, and what they tell of a kernel."""

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d

from deblur_lightning.networks.correlations import CorrelationEncoder, edge_correlations


def literal(light, reach):
    """One picture's correlations, direction by direction, with scipy."""
    gray = light.mean(0)
    across, down = gray[1:, 1:] - gray[1:, :-1], gray[1:, 1:] - gray[:-1, 1:]
    second, fourth = [], []
    for edges in (across, down, (across + down) / np.sqrt(2), (across - down) / np.sqrt(2)):
        limited = np.tanh(edges / (3 * np.abs(edges).mean()))
        middle = tuple(side - 1 for side in limited.shape)
        maps = []
        for left in (limited, limited**3):
            wide = np.pad(correlate2d(left, limited), reach)
            rows, columns = (slice(centre, centre + 2 * reach + 1) for centre in middle)
            cut = wide[rows, columns]
            maps.append(cut / (cut[reach, reach] + 1e-3))
        second.append(maps[0])
        fourth.append(3 * (maps[1] - maps[0]))
    return np.stack(second + fourth)


@pytest.mark.parametrize(("size", "reach"), [((12, 17), 4), ((9, 6), 8), ((20, 20), 16)])
def test_correlations_equal_scipy_s(size, reach):
    light = torch.randn(2, 3, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    found = edge_correlations(light, reach)
    for picture, maps in zip(light, found, strict=True):
        np.testing.assert_allclose(maps, literal(picture.numpy(), reach), atol=1e-10)


def test_the_exposure_does_not_matter_and_flat_pictures_stay_finite():
    light = torch.rand(1, 3, 30, 30, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(edge_correlations(light, 8), edge_correlations(100 * light + 7, 8))
    assert edge_correlations(torch.full((1, 3, 30, 30), 0.3), 8).isfinite().all()


def test_the_fourth_order_tells_a_path_from_the_same_path_backwards():
    generator = torch.Generator().manual_seed(1)
    points = (torch.rand(1, 1, 200, 200, dtype=torch.float64, generator=generator) > 0.995).double()
    kernel = torch.zeros(1, 1, 9, 9, dtype=torch.float64)
    kernel[0, 0, 4, 1:8] = torch.linspace(0.5, 0.05, 7)
    found = edge_correlations(torch.nn.functional.conv2d(points, kernel, padding=4), 8)
    uneven = (found - found.flip(2, 3)).abs().amax(dim=(2, 3))[0]
    assert uneven[:4].max() < 1e-10
    assert uneven[4:].max() > 0.1


def test_hints_have_the_decoder_s_sizes():
    encoder = CorrelationEncoder(17, [8, 16, 24, 32, 40, 48], groups=8)
    hints = encoder(torch.rand(2, 3, 40, 50))
    assert [tuple(hint.shape[1:]) for hint in hints] == [
        (48, 1, 1), (40, 2, 2), (32, 4, 4), (24, 8, 8), (16, 16, 16), (8, 17, 17),
    ]  # fmt: skip
