"""Mixed-up ranges, types and exponents: caught where users come in, with the remedy."""

import pytest
import torch
from small_models import small_direct_deblurrer, small_motion_deblurrer

from deblur_lightning import KernelField
from deblur_lightning.batch import check_batch
from deblur_lightning.deblurring import CameraExposure
from deblur_lightning.losses import PixelContent, reblur_loss
from deblur_lightning.metrics import (
    RestorationMetrics,
    cw_ssim,
    kohler_score,
    picture_psnr,
    picture_ssim,
    psnr,
    ssim_valid,
)
from deblur_lightning.modules import AdaptiveBasisModule, DeblurGANModule
from deblur_lightning.networks import PatchCritic
from deblur_lightning.physics import to_display, to_linear
from deblur_lightning.restoration import deconvolve, richardson_lucy

PICTURE = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
FIELD = KernelField(torch.full((1, 1, 3, 3), 1 / 9), torch.ones(1, 1, 32, 32))
MIXED_UP = {
    "bytes": ((PICTURE * 255).byte(), r"\.float\(\) / 255"),
    "bytes as floats": (PICTURE * 255, r"Divide it by 255"),
    "16 bits as floats": (PICTURE * 65535, r"Divide it by 65535"),
    "-1 to 1": (PICTURE * 2 - 1, r"Map -1 to 0, 1 to 1"),
    "NaN": (PICTURE.masked_fill(PICTURE > 0.9, torch.nan), r"finite|NaN"),
    "channels last": (PICTURE.permute(0, 2, 3, 1), r"permute\(0, 3, 1, 2\)"),
}
ADAPTIVE = AdaptiveBasisModule(small_motion_deblurrer()).eval()
GAN = DeblurGANModule(small_direct_deblurrer(), PatchCritic(4), PixelContent()).eval()
SCORES = (picture_psnr, psnr, picture_ssim, ssim_valid, cw_ssim)


def as_shaped(picture):
    """Give the picture that is right, of another's shape."""
    return PICTURE.permute(0, 2, 3, 1) if picture.shape[-1] == 3 else PICTURE


TAKERS = {
    "richardson_lucy": lambda picture: richardson_lucy(picture, FIELD, 1),
    "deconvolve": lambda picture: deconvolve(picture, FIELD),
    "AdaptiveBasisModule": ADAPTIVE.restore,
    "DeblurGANModule": GAN.restore,
    **{score.__name__: lambda picture, score=score: score(picture, as_shaped(picture)) for score in SCORES},
    **{
        f"{score.__name__}'s truth": lambda picture, score=score: score(as_shaped(picture), picture) for score in SCORES
    },
    "check_batch": lambda picture: check_batch({"blurry": picture, "name": ["a"]}),
    "check_batch's truth": lambda picture: check_batch({"blurry": PICTURE, "sharp": picture, "name": ["a"]}),
}


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("mixed_up", MIXED_UP)
def test_a_mixed_up_range_is_caught_with_its_remedy(taker, mixed_up):
    picture, remedy = MIXED_UP[mixed_up]
    with torch.no_grad(), pytest.raises(ValueError, match=remedy):
        TAKERS[taker](picture)


@pytest.mark.parametrize("taker", TAKERS)
def test_arrays_of_numpy_are_told_apart_from_tensors(taker):
    with pytest.raises(TypeError, match=r"ndarray, but pictures are tensors\. Pass torch\.as_tensor\("):
        TAKERS[taker](PICTURE.numpy())


@pytest.mark.parametrize("mixed_up", ["bytes", "bytes as floats", "NaN"])
def test_scores_of_another_range_are_refused_not_clamped_to_equal_pictures(mixed_up):
    picture, remedy = MIXED_UP[mixed_up]
    with pytest.raises(ValueError, match=remedy):
        RestorationMetrics().update(picture, picture, ["a"])


@pytest.mark.parametrize("mixed_up", ["bytes as floats", "-1 to 1", "NaN"])
def test_koehlers_score_refuses_other_ranges_of_floats(mixed_up):
    wide = torch.rand(170, 170, 3, generator=torch.Generator().manual_seed(1))
    changed = {"bytes as floats": 255 * wide, "-1 to 1": 2 * wide - 1, "NaN": wide.masked_fill(wide > 0.9, torch.nan)}
    with pytest.raises(ValueError, match=r"floats lie in \[0, 1\]\. Rescale it"):
        kohler_score(changed[mixed_up], [(255 * wide).byte()])


@pytest.mark.parametrize("gamma", [0.0, -2.2, 0.4545, float("nan"), float("inf"), 22.0])
def test_no_gamma_is_caught_wherever_it_is_passed(gamma):
    for taker in (
        lambda: to_linear(PICTURE, gamma),
        lambda: to_display(PICTURE, gamma),
        lambda: richardson_lucy(PICTURE, FIELD, 1, gamma=gamma),
        lambda: deconvolve(PICTURE, FIELD, gamma=gamma),
        lambda: reblur_loss(PICTURE, PICTURE, FIELD, gamma=gamma),
        lambda: CameraExposure(gamma),
    ):
        with pytest.raises(ValueError, match=r"Pass 2\.2, or 1\.0 for linear pictures"):
            taker()


def test_batches_that_do_not_fit_are_refused_at_the_first_step():
    with pytest.raises(ValueError, match=r"Pair pictures of one size"):
        check_batch({"blurry": PICTURE, "sharp": PICTURE[..., 1:], "name": ["a"]})
    with pytest.raises(ValueError, match=r"there are 1 pictures. Give each one"):
        check_batch({"blurry": PICTURE, "name": ["a", "b"]})
    with pytest.raises(ValueError, match=r"a basis kernel sums to 2"):
        check_batch({"blurry": PICTURE, "field": FIELD._replace(basis=2 * FIELD.basis), "name": ["a"]})
    with pytest.raises(ValueError, match=r"weights have a negative value or NaN"):
        check_batch({"blurry": PICTURE, "weights": PICTURE[:, 0] - 0.5, "name": ["a"]})
    with pytest.raises(ValueError, match=r"Divide it by 255"):
        ADAPTIVE.on_train_batch_start({"blurry": 255 * PICTURE, "name": ["a"]}, 0)


def test_the_loss_refuses_bytes():
    with pytest.raises(ValueError, match=r"blurry holds torch\.uint8"):
        reblur_loss((255 * PICTURE).byte(), PICTURE, FIELD)
