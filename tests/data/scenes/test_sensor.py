import itertools

import numpy as np
import pytest
import torch
from PIL import Image

from deblur_lightning.data.scenes.sensor import Sensor, stored_as_jpeg
from deblur_lightning.field import KernelField
from deblur_lightning.physics import blur

CLEAN = {"noise": (0.0, 0.0), "brightness": (1.0, 1.0), "bright": 0.0, "jpeg": 0.0}


def field(side=3):
    """A flat kernel on 12 x 10 pixels."""
    return KernelField(torch.full((1, 1, side, side), side**-2.0), torch.ones(1, 1, 12, 10))


def photo(seed=0, levels=200):
    return np.random.default_rng(seed).integers(20, levels, (12 + 8, 10 + 8, 3), np.uint8)


@pytest.mark.parametrize(("linear", "gamma"), [(1.0, 2.2), (0.0, 1.0)])
def test_light_or_display_values_add_up(linear, gamma):
    blurry, sharp = Sensor(linear=linear, **CLEAN).take(photo(), field(), np.random.default_rng(0))
    whole = torch.from_numpy(photo()).permute(2, 0, 1).unsqueeze(0) / 255
    expected = blur(whole[..., 3:-3, 3:-3] ** gamma, field(), "valid") ** (1 / gamma)
    torch.testing.assert_close(blurry, expected[0], rtol=0, atol=0.5 / 255 + 1e-4)
    torch.testing.assert_close(sharp, whole[0, :, 4:-4, 4:-4], rtol=0, atol=1e-5)


def test_surrounded_pictures_fade_to_black_on_each_side_or_not():
    whole = torch.from_numpy(photo()).permute(2, 0, 1).unsqueeze(0)[..., 3:-3, 3:-3] / 255
    met = []
    for seed in range(24):
        blurry, sharp = Sensor(linear=0.0, surrounded=1.0, **CLEAN).take(photo(), field(), np.random.default_rng(seed))
        torch.testing.assert_close(sharp, whole[0, :, 1:-1, 1:-1])
        for sides in itertools.product((False, True), repeat=4):
            scene = whole.clone()
            for dark, edge in zip(
                sides, (scene[..., 0, :], scene[..., -1, :], scene[..., 0], scene[..., -1]), strict=True
            ):
                edge[:] = 0 if dark else edge
            if (blur(scene, field(), "valid")[0] - blurry).abs().max() < 0.6 / 255:
                met.append(sides)
    assert len(met) == 24
    assert all(0 < sum(sides[number] for sides in met) < 24 for number in range(4))


def test_gray_pictures_are_pillows_with_one_noise_for_all_channels():
    sensor = Sensor(linear=0.0, gray=1.0, **(CLEAN | {"noise": (0.03, 0.03)}))
    blurry, sharp = sensor.take(photo(), field(), np.random.default_rng(3))
    expected = np.asarray(Image.fromarray(photo()[4:-4, 4:-4]).convert("L")) / 255
    assert blurry.shape == sharp.shape == (3, 12, 10)
    assert abs(sharp.numpy() - expected).max() <= 1 / 255 + 1e-6
    assert torch.equal(blurry[0], blurry[1])
    assert torch.equal(blurry[0], blurry[2])
    assert not torch.equal(
        blurry, Sensor(linear=0.0, gray=1.0, **CLEAN).take(photo(), field(), np.random.default_rng(3))[0]
    )


def test_pictures_are_gray_as_often_as_asked():
    sensor = Sensor(gray=0.5, **CLEAN)
    taken = [sensor.take(photo(), field(), np.random.default_rng(number)) for number in range(60)]
    gray = [torch.equal(blurry[0], blurry[1]) for blurry, _ in taken]
    assert gray == [torch.equal(sharp[0], sharp[1]) for _, sharp in taken]
    assert 18 <= sum(gray) <= 42


def test_bright_scenes_saturate_and_their_sharp_picture_is_clipped():
    sensor = Sensor(linear=1.0, **(CLEAN | {"bright": 1.0}))
    blurry, sharp = sensor.take(photo(levels=256), field(), np.random.default_rng(1))
    assert (sharp == 1).float().mean() > 0.05
    assert blurry.max() <= 1


def test_noise_is_as_strong_as_drawn():
    even = np.full((120 + 8, 110 + 8, 3), 255, np.uint8)
    still = KernelField(torch.ones(1, 1, 1, 1), torch.ones(1, 1, 120, 110))
    sensor = Sensor(linear=0.0, **(CLEAN | {"noise": (0.03, 0.03), "brightness": (0.5, 0.5)}))
    blurry, sharp = sensor.take(even, still, np.random.default_rng(2))
    assert torch.allclose(sharp, torch.tensor(0.5))
    assert torch.isclose((blurry - sharp).std(), torch.tensor(0.03 * (0.5 * 0.99 + 0.01) ** 0.5), rtol=0.05)


def test_a_picture_stored_as_jpeg_is_near_itself_and_nearer_at_a_higher_quality():
    smooth = torch.linspace(0, 1, 32).expand(3, 32, 32) * torch.linspace(0.2, 1, 32).unsqueeze(1)
    errors = [(stored_as_jpeg(smooth, quality) - smooth).square().mean().sqrt().item() for quality in (40, 95)]
    assert 0 < errors[1] < errors[0] < 0.05


def test_jpeg_is_met_as_often_as_asked():
    taken = [Sensor(**(CLEAN | {"jpeg": 0.5})).take(photo(), field(), np.random.default_rng(n))[0] for n in range(60)]
    plain = [Sensor(**CLEAN).take(photo(), field(), np.random.default_rng(n))[0] for n in range(60)]
    changed = sum(not torch.equal(one, other) for one, other in zip(taken, plain, strict=True))
    assert 18 <= changed <= 42


def test_white_that_does_not_move_is_recorded_as_near_full_well():
    white = np.full((20, 18, 3), 255, np.uint8)
    blurry, sharp = Sensor(linear=1.0, **CLEAN).take(white, field(1), np.random.default_rng(0))
    recorded = torch.full((3, 12, 10), (1 - np.log(2) / 50) ** (1 / 2.2))  # the published response at full well
    assert torch.equal(sharp, torch.ones(3, 12, 10))
    torch.testing.assert_close(blurry, recorded, rtol=0, atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"noise": (-0.5, 0.1)}, r"noise is \(-0.5, 0.1\), but it is a least and a largest value, from 0 on"),
        ({"noise": (0.0, float("nan"))}, "noise is .*nan"),
        ({"brightness": (2.0, 1.0)}, "brightness is"),
        ({"brightness": (1.0, float("inf"))}, "brightness is"),
        ({"quality": (97, 60)}, "quality is .* from 1 to 100"),
        ({"quality": (60, 101)}, "quality is .* from 1 to 100"),
        ({"jpeg": 40.0}, "jpeg is 40.0, but it is a share. Pass 0 to 1"),
        ({"linear": float("nan")}, "linear is nan"),
        ({"gamma": 0.0}, "gamma is 0.0"),
    ],
)
def test_a_sensor_that_cannot_be_is_refused_before_a_picture_is_taken(wrong, message):
    with pytest.raises(ValueError, match=message):
        Sensor(**wrong)
