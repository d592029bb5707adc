import math
import os

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import structural_similarity_index_measure

from deblur_lightning.metrics import RestorationMetrics, cw_ssim, picture_psnr, picture_ssim, psnr, ssim_valid
from deblur_lightning.metrics.similarity import ssim_map


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


def test_means_are_over_the_same_pictures_in_every_column_and_say_what_they_leave_out():
    """Two perfect pictures that were spoiled, and one that was improved: the table shows the improvement as it is."""
    sharp = torch.full((3, 3, 16, 16), 0.5)
    blurry, restored = sharp.clone(), sharp - 0.1
    blurry[2] += 0.2
    metrics = RestorationMetrics(("blurry_psnr",))
    metrics.update(restored, sharp, ["a", "b", "c"], blurry_psnr=picture_psnr(blurry, sharp))
    said = r"2 of 3 pictures are identical .*\(infinite blurry_psnr\) and are left out of every mean: a, b\."
    with pytest.warns(UserWarning, match=said):
        means = metrics.compute()
    assert means["psnr"] - means["blurry_psnr"] == pytest.approx(20 * math.log10(2), abs=1e-4)
    assert means["identical"] == 2
    assert len(metrics.rows()) == 3


def test_where_every_pair_is_identical_means_are_over_them_all():
    metrics = RestorationMetrics()
    sharp = torch.full((2, 3, 16, 16), 0.5)
    metrics.update(sharp, sharp, ["a", "b"])
    with pytest.warns(UserWarning, match=r"2 of 2 pictures are identical"):
        means = metrics.compute()
    assert (means["psnr"], means["ssim"], means["identical"]) == (math.inf, 1, 2)


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_maps_are_wangs_formula_pixel_by_pixel(channels):
    """A second implementation: moments under the Gaussian, window by window in NumPy."""
    restored, sharp = (image[0].double().numpy() for image in pictures(19, 23, channels))
    places = np.arange(-5, 6)
    window = np.exp(-(places[:, None] ** 2 + places**2) / (2 * 1.5**2))
    window /= window.sum()
    x, y = (np.pad(image, ((0, 0), (5, 5), (5, 5)), mode="reflect") for image in (restored, sharp))
    expected = np.empty_like(restored)
    for channel, row, column in np.ndindex(expected.shape):
        a, b = (image[channel, row : row + 11, column : column + 11] for image in (x, y))
        mean_a, mean_b = (window * a).sum(), (window * b).sum()
        spread = (window * a**2).sum() - mean_a**2 + (window * b**2).sum() - mean_b**2
        shared = (window * a * b).sum() - mean_a * mean_b
        expected[channel, row, column] = (2 * mean_a * mean_b + 1e-4) / (mean_a**2 + mean_b**2 + 1e-4)
        expected[channel, row, column] *= (2 * shared + 9e-4) / (spread + 9e-4)
    found = ssim_map(torch.from_numpy(restored)[None], torch.from_numpy(sharp)[None])[0]
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-12)


def test_names_that_are_no_utf_8_come_back():
    name = os.fsdecode(b"caf\xe9")
    metric = RestorationMetrics()
    metric.update(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16), [name])
    assert list(metric.rows()) == ["caf\\xe9"]  # which any file holds


@pytest.mark.parametrize("first", range(2))
def test_long_names_are_cut_between_letters(first):
    metric = RestorationMetrics()
    for number in range(2):
        name = "a" * first + "фото/" * 30 + f"{number}.png"
        metric.update(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16), [name])
    rows = list(metric.rows())
    assert len(rows) == 2
    assert all(row.encode().decode() == row and "\\x" not in row for row in rows)


def test_a_picture_too_small_for_one_figure_counts_for_the_others():
    generator = torch.Generator().manual_seed(0)
    metric, large = RestorationMetrics(), RestorationMetrics()
    for size, metrics in ((32, (metric, large)), (8, (metric,))):
        pictures = torch.rand(2, 1, 3, size, size, generator=generator)
        for one in metrics:
            one.update(*pictures, [f"{size}"])
    with pytest.warns(UserWarning, match="Of 2 pictures not all have every score: ssim_valid of 1"):
        means = metric.compute()
    assert means["ssim_valid"] == large.compute()["ssim_valid"]
    assert means["psnr"] == pytest.approx(np.mean([row[0] for row in metric.rows().values()]))


@pytest.mark.parametrize(
    ("names", "further", "said"),
    [
        (["a"], 2, "there are 1 names for figures 2 of psnr, 2 of ssim, 2 of ssim_valid, 2 of further"),
        ("ab", 2, "there are the name 'ab' for figures"),
        (["a", "b"], 3, "there are 2 names for figures .* 3 of further"),
    ],
)
def test_each_picture_has_one_name_and_one_figure_of_each_kind(names, further, said):
    metrics = RestorationMetrics(("further",))
    with pytest.raises(ValueError, match=said):
        metrics.update(*pictures(23, 31), names, further=torch.rand(further))
