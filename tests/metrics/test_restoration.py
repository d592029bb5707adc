import math

import pytest
import torch
from torchmetrics.functional.image import structural_similarity_index_measure

from deblur_lightning.metrics import RestorationMetrics, cw_ssim, picture_ssim, psnr, ssim_valid


def pictures(height, width, channels=3):
    generator = torch.Generator().manual_seed(height * width)
    sharp = (torch.rand(2, channels, height, width, generator=generator) * 255).round() / 255
    return (sharp + 0.1 * torch.randn(sharp.shape, generator=generator)).clamp(0, 1), sharp


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_is_torchmetrics(channels):
    restored, sharp = pictures(23, 31, channels)
    expected = structural_similarity_index_measure(
        restored.double(), sharp.double(), data_range=(0.0, 1.0), reduction="none"
    )
    torch.testing.assert_close(picture_ssim(restored, sharp), expected, rtol=0, atol=1e-9)


def test_each_figure_is_that_of_the_8_bit_pictures_under_its_own_name():
    restored, sharp = pictures(23, 31)
    metrics = RestorationMetrics(("further",), quantize=True, wavelets=True)
    metrics.update(restored, sharp, ["a", "b"], further=torch.tensor([1.0, 2.0]))
    assert metrics.columns == ("psnr", "ssim", "ssim_valid", "cw_ssim", "further")
    rounded = (restored.double() * 255).round() / 255
    expected = (
        psnr(restored, sharp),
        picture_ssim(rounded, sharp),
        ssim_valid(restored, sharp),
        cw_ssim(restored, sharp),
    )
    rows = torch.tensor(list(metrics.rows().values()), dtype=torch.float64)
    torch.testing.assert_close(rows[:, :4], torch.stack(expected, dim=1), rtol=0, atol=1e-6)
    assert len({round(value, 4) for value in rows[0, 1:4].tolist()}) == 3


def test_the_costly_one_is_left_out_unless_asked_for():
    metrics = RestorationMetrics()
    metrics.update(*pictures(12, 13), ["a", "b"])
    assert set(metrics.compute()) == {"psnr", "ssim", "ssim_valid"}


def test_pictures_too_small_for_a_figure_have_none():
    metrics = RestorationMetrics(wavelets=True)
    metrics.update(*pictures(9, 10), ["a", "b"])
    means = metrics.compute()
    assert means["ssim"].isfinite()
    assert math.isnan(means["ssim_valid"])
    assert math.isnan(means["cw_ssim"])
