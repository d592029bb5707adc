"""What is asked of blurry pixels, against the definition in double precision."""

import numpy as np
import pytest
import torch
from scipy.special import expit

from deblur_lightning.restoration.response import saturated_ratio


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("brightest", [0.1, 0.7, 1.5, 40.0])
def test_a_pixel_asks_for_what_the_sensor_s_response_leaves_open_to_all_digits(brightest, flipped):
    random = np.random.default_rng(0)
    reblurred = brightest * 10 ** random.uniform(-6, 0, (2, 3, 40, 50))
    reblurred[:, :, :20] = brightest * random.uniform(0, 1, (2, 3, 20, 50))
    light = np.minimum(reblurred, 1) * random.uniform(0.7, 1.3, reblurred.shape)
    share = random.uniform(0, 1, (2, 1, 40, 50))
    given = [torch.from_numpy(values).float() for values in (light, reblurred)]
    light, reblurred = (values.double().numpy() for values in given)
    if flipped:  # another layout of the same values
        given = [values.transpose(2, 3).contiguous().transpose(2, 3) for values in given]
    recorded = reblurred - np.logaddexp(0, 50 * (reblurred - 1)) / 50
    expected = (light / (recorded + 1e-6) - 1) * expit(50 * (1 - reblurred)) + 1
    np.testing.assert_allclose(saturated_ratio(*given), expected, rtol=2e-6)
    trusted = saturated_ratio(*given, torch.from_numpy(share).float())
    np.testing.assert_allclose(trusted, (expected - 1) * share + 1, rtol=2e-6, atol=1e-6)
