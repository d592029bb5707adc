"""Frames between a video's frames, against a picture that moves as it is told to."""

import av
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from deblur_lightning.data.synthesis.film import Averaging, exposures_of_film, pairs_of_frames
from deblur_lightning.data.synthesis.interpolation import interpolated

STEP, TIMES = 8, 4  # pixels from frame to frame, and samples: each two pixels further


@pytest.fixture(scope="module")
def place():
    """The window of a wide picture, so many pixels to the right."""
    random = np.random.default_rng(0).normal(size=(64, 300, 3))
    soft = gaussian_filter(random, (2, 2, 0))
    wide = (127 + 110 * soft / abs(soft).max()).round().astype(np.uint8)
    return lambda right: wide[:, right : right + 96].copy()


def inner(frame):
    """Without what comes in or goes out at the borders."""
    return frame[8:-8, 16:-16].astype(float)


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_frames_stay_as_they_are_and_what_lies_between_is_where_it_moved(count, place):
    frames = [place(STEP * number) for number in range(count)]
    samples = list(interpolated(iter(frames), TIMES))
    assert len(samples) == (count - 1) * TIMES + 1
    assert all(np.array_equal(*pair) for pair in zip(samples[::TIMES], frames, strict=True))
    for number, sample in enumerate(samples):
        true, nearest = place(number * STEP // TIMES), frames[round(number / TIMES)]
        error, without = (np.abs(inner(sample) - inner(other)).mean() for other in (true, nearest))
        assert error < 1.5
        assert number % TIMES == 0 or without > 10 * error


def test_nothing_is_made_where_nothing_is_asked_for(place):
    frames = [place(0), place(5)]
    assert [id(frame) for frame in interpolated(iter(frames), 1)] == [id(frame) for frame in frames]
    assert list(interpolated(iter([]), 3)) == []


def test_an_exposure_is_the_mean_of_its_frames_and_those_between_and_no_other(place):
    frames = [place(STEP * number) for number in range(10)]
    averaging = Averaging(frames=(3, 5), interpolate=TIMES, seed=1)
    exposures = exposures_of_film(len(frames), averaging)
    assert len(exposures) > 1
    for number, pair in pairs_of_frames(iter(frames), exposures, averaging, "clip"):
        first, count = exposures[number]
        exact = np.mean([place(right) for right in range(STEP * first, STEP * (first + count - 1) + 1, 2)], axis=0)
        copies = np.mean(frames[first : first + count], axis=0)
        assert np.abs(inner(pair.blurry) - inner(exact)).mean() < 0.8
        assert np.abs(inner(copies) - inner(exact)).mean() > 3
        assert np.array_equal(pair.sharp, frames[first + count // 2])
        assert pair.row["interpolate"] == TIMES


def test_what_cannot_be_interpolated_is_told(place, monkeypatch):
    with pytest.raises(ValueError, match=r"frames are 31 x 40, but .* 32 and more\. Leave out --interpolate"):
        list(interpolated(iter([place(0)[:40, :31]]), 2))
    monkeypatch.setattr(av.filter, "filters_available", set())
    with pytest.raises(ValueError, match=r"no filter minterpolate\. Install av from PyPI"):
        list(interpolated(iter([place(0)]), 2))
