import numpy as np
import pytest
import torch
from PIL import Image
from scipy.signal import convolve
from skimage import data
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from deblur_lightning.metrics import cw_ssim, luma, picture_ssim, psnr, ssim_valid
from deblur_lightning.metrics.similarity import file_scores


@pytest.fixture
def pair():
    """A sharp and a noisy picture, uint8, odd sides."""
    sharp = data.astronaut()[100:171, 150:241]
    noise = np.random.default_rng(0).normal(0, 12, sharp.shape)
    return (sharp + noise).clip(0, 255).round().astype(np.uint8), sharp


def tensor(image):
    return torch.from_numpy(image.astype(np.float64) / 255).permute(2, 0, 1)[None]


def test_psnr_is_that_of_the_eight_bit_files(pair):
    restored, sharp = pair
    jitter = torch.empty(tensor(restored).shape).uniform_(-0.49, 0.49) / 255
    expected = peak_signal_noise_ratio(sharp, restored, data_range=255)
    assert psnr(tensor(restored) + jitter, tensor(sharp)).item() == pytest.approx(expected, abs=1e-9)
    assert psnr(tensor(sharp), tensor(sharp)).item() == float("inf")


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_the_scores_of_a_file_are_those_of_its_levels_beside_sharp_pictures_of_any_precision(pair, kind):
    restored, sharp = pair
    scores = file_scores(tensor(restored) + 0.4 / 255, tensor(sharp).to(kind))
    assert scores["psnr"] == pytest.approx(peak_signal_noise_ratio(sharp, restored, data_range=255), abs=1e-4)
    assert scores["ssim"] == pytest.approx(picture_ssim(tensor(restored), tensor(sharp)).item(), abs=1e-6)
    assert file_scores(tensor(sharp), tensor(sharp).to(kind)) == {"psnr": float("inf"), "ssim": pytest.approx(1)}


def test_a_gray_picture_is_scored_beside_a_coloured_one():
    gray, coloured = torch.full((1, 1, 8, 9), 0.6), torch.full((1, 3, 8, 9), 0.4)
    assert file_scores(gray, coloured)["psnr"] == pytest.approx(-20 * np.log10(0.2), abs=1e-4)


def test_ssim_valid_is_scikit_images(pair):
    restored, sharp = pair
    expected = structural_similarity(
        sharp, restored, channel_axis=-1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert ssim_valid(tensor(restored), tensor(sharp)).item() == pytest.approx(expected, abs=1e-9)


def test_luma_is_scikit_images_y(pair):
    expected = rgb2ycbcr(pair[0])[..., 0] / 255
    np.testing.assert_allclose(luma(tensor(pair[0]))[0, 0].numpy(), expected, atol=1e-12)


def test_each_picture_of_a_batch_has_its_own_score(pair):
    restored, sharp = map(tensor, pair)
    batch = torch.cat((restored, sharp)), torch.cat((sharp, sharp))
    for metric in (psnr, ssim_valid, cw_ssim):
        scores = metric(*batch)
        assert scores[0] == metric(restored, sharp)[0]
        assert scores[1] == metric(sharp, sharp)[0]


def literal_cw_ssim(restored, sharp):
    """pyssim's formula on matrices of coefficients, with Pillow's gray and SciPy's convolution."""

    def coefficients(image):
        line = np.asarray(Image.fromarray(image).convert("L")).ravel().astype(float)
        rows = []
        for width in range(1, 31):
            t = np.arange(10 * width) - (10 * width - 1) / 2
            hat = 2 / (np.sqrt(3 * width) * np.pi**0.25) * (1 - t**2 / width**2) * np.exp(-(t**2) / (2 * width**2))
            rows.append(convolve(line, hat[::-1], mode="same"))
        return np.stack(rows)

    a, b = coefficients(restored), coefficients(sharp)
    magnitude = (2 * (abs(a) * abs(b)).sum(0) + 0.01) / ((a**2).sum(0) + (b**2).sum(0) + 0.01)
    phase = (2 * abs((a * b).sum(0)) + 0.01) / (2 * abs(a * b).sum(0) + 0.01)
    return (magnitude * phase).mean()


def test_cw_ssim_is_pyssims_formula(pair):
    assert cw_ssim(*map(tensor, pair)).item() == pytest.approx(literal_cw_ssim(*pair), abs=1e-9)


def test_cw_ssim_takes_gray_pictures(pair):
    gray = [np.repeat(image[..., :1], 3, axis=2) for image in pair]
    single = [tensor(image)[:, :1] for image in gray]
    assert cw_ssim(*single).item() == pytest.approx(literal_cw_ssim(*gray), abs=1e-9)


@pytest.mark.parametrize("metric", [psnr, ssim_valid, cw_ssim])
def test_pictures_of_different_sizes_are_refused(metric):
    with pytest.raises(ValueError, match=r"sharp is \[1, 3, 20, 21\]. Score pictures .* alike"):
        metric(torch.zeros(1, 3, 20, 20), torch.zeros(1, 3, 20, 21))


@pytest.mark.parametrize("metric", [ssim_valid, cw_ssim])
def test_pictures_smaller_than_the_window_are_refused(metric):
    with pytest.raises(ValueError, match=r"Score larger pictures"):
        metric(torch.zeros(1, 3, 10, 20), torch.zeros(1, 3, 10, 20))


def test_pictures_smaller_than_the_window_s_reach_are_refused():
    picture = torch.rand(1, 3, 5, 40)
    with pytest.raises(ValueError, match=r"pictures are 5 x 40.*at least 6 x 6"):
        picture_ssim(picture, picture)
    assert picture_ssim(torch.ones(1, 3, 6, 6), torch.ones(1, 3, 6, 6)).item() == pytest.approx(1)
