import numpy as np
import pytest

from deblur_lightning.data import DeadLeaves
from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.data.scenes.objects import blob_labels, chosen_segments


@pytest.fixture(scope="module")
def picture():
    return dead_leaves(256, np.random.default_rng(0))


def test_a_seed_gives_one_picture_and_another_seed_another(picture):
    assert picture.shape == (256, 256, 3)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, dead_leaves(256, np.random.default_rng(0)))
    assert not np.array_equal(picture, dead_leaves(256, np.random.default_rng(1)))


def test_power_falls_with_frequency_as_in_photographs():
    slopes = []
    for seed in range(3):
        gray = dead_leaves(256, np.random.default_rng(seed)).mean(-1)
        power = np.abs(np.fft.fft2((gray - gray.mean()) * np.outer(np.hanning(256), np.hanning(256)))) ** 2
        frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256)))
        rings = [(low, low * 1.4) for low in (0.02, 0.04, 0.08, 0.16, 0.3)]
        means = [power[(frequency >= low) & (frequency < high)].mean() for low, high in rings]
        slopes.append(np.polyfit(np.log([low for low, _ in rings]), np.log(means), 1)[0])
    assert -3.0 < np.mean(slopes) < -1.2


def test_splits_have_pictures_of_their_own():
    draws = [DeadLeaves(pictures=1, side=64).open(split, 48, 3) for split in ("train", "val", "test")]
    frames = {draw.photos[0].read()[0].tobytes() for draw in draws}
    assert len(frames) == 3


def test_scenes_larger_than_the_pictures_make_them_larger():
    scene = DeadLeaves(pictures=1, side=32).open("train", 70, 2)(np.random.default_rng(0))
    assert scene.photo.shape == (70, 70, 3)
    assert scene.labels.shape == (70, 70)


def test_pictures_may_have_large_leaves_alone():
    def edges(**arguments):
        draw = DeadLeaves(pictures=6, side=96, **arguments).open("train", 48, 0)
        return [float((np.abs(np.diff(photo.read()[0].mean(-1))) > 8).mean()) for photo in draw.photos]

    usual, varied, large = edges(), edges(smallest=(3.0, 30.0)), edges(smallest=(30.0, 30.0))
    assert usual == edges(smallest=(3.0, 3.0))
    assert np.median(usual) > np.median(varied) > np.median(large)


def test_later_blobs_lie_over_earlier_ones_and_cover_part_of_the_picture():
    areas = []
    for seed in range(20):
        labels = blob_labels(64, 3, np.random.default_rng(seed))
        assert set(np.unique(labels)) <= {0, 1, 2, 3}
        assert 3 in labels
        areas.append((labels > 0).mean())
    assert 0.1 < np.mean(areas) < 0.6


def test_only_segments_of_fitting_size_become_objects():
    segments = np.zeros((20, 20), np.int32)
    segments[:12], segments[12:16, :10], segments[17, 3] = 9, 4, 5
    for seed in range(5):
        labels = chosen_segments(segments, 3, 10, np.random.default_rng(seed))
        assert np.array_equal(labels, (segments == 4).astype(np.uint8))
    assert not chosen_segments(segments, 0, 10, np.random.default_rng(0)).any()
