"""Pairs made of videos, against frames that are known."""

import importlib.util
import os
import wave
from contextlib import contextmanager
from itertools import pairwise
from types import SimpleNamespace

import av
import numpy as np
import pytest
from PIL import Image

from deblur_lightning.data.synthesis import film
from deblur_lightning.data.synthesis.film import (
    Averaging,
    Exposed,
    count_frames,
    exposures_of_film,
    pairs_of_frames,
    read_frames,
)


def frames_of(count, size=(24, 32)):
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (*size, 3), np.uint8) for _ in range(count)]


def write_film(path, frames):
    """Write frames without loss."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=240)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "bgr0"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="bgr0")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def clip(tmp_path):
    return write_film(tmp_path / "clip.mkv", frames_of(40))


def test_a_film_is_read_frame_by_frame(clip):
    assert count_frames(clip) == 40
    for read, written in zip(read_frames(clip), frames_of(40), strict=True):
        assert np.array_equal(read, written)


@pytest.mark.parametrize("average", ["display", "linear"])
def test_blurry_pictures_are_means_of_neighbouring_frames_around_the_sharp_one(average, clip):
    averaging, frames = Averaging(average, (3, 7), gamma=2.0, seed=4), frames_of(40)
    exposures = exposures_of_film(40, averaging)
    first = 0
    for number, pair in pairs_of_frames(read_frames(clip), exposures, averaging, "clip"):
        count = pair.row["frames"]
        assert pair.row["first_frame"] == first
        shot = np.array(frames[first : first + count], np.float64) / 255
        mean = shot.mean(axis=0) if average == "display" else (shot**2).mean(axis=0) ** 0.5
        assert np.abs(pair.blurry / 255 - mean).max() < 0.501 / 255
        assert np.array_equal(pair.sharp, frames[first + (count - 1) // 2])
        assert pair.name == f"clip_{number + 1:06}"
        first += count
    assert len({exposure.frames for exposure in exposures}) > 1
    assert 33 < first <= 40


def test_exposures_take_odd_numbers_of_frames_and_leave_none_out():
    exposures = exposures_of_film(2000, Averaging())
    assert {exposure.frames for exposure in exposures} == {7, 9, 11, 13}
    assert exposures[0].first == 0
    assert all(after.first == before.first + before.frames for before, after in pairwise(exposures))
    assert exposures_of_film(100, Averaging()) == exposures[: len(exposures_of_film(100, Averaging()))]
    assert exposures_of_film(11, Averaging(frames=(5, 5))) == [Exposed(0, 5), Exposed(5, 5)]
    assert exposures_of_film(2, Averaging(frames=(2, 4))) == []


def test_frames_are_turned_upright(monkeypatch, tmp_path):
    pixels = frames_of(1)[0]
    decoded = SimpleNamespace(to_ndarray=lambda: pixels)
    frame = SimpleNamespace(reformat=lambda format, interpolation: decoded, rotation=-90)

    @contextmanager
    def turned(path):
        yield SimpleNamespace(decode=lambda video: [frame])

    monkeypatch.setattr(film, "opened", turned)
    (upright,) = read_frames(tmp_path)
    assert upright.shape == (32, 24, 3)
    assert np.array_equal(upright[0, -1], pixels[0, 0])  # a quarter clockwise: the left top corner comes to the right


def test_what_is_no_film_is_named(clip, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"none\.mp4 does not exist"):
        count_frames(tmp_path / "none.mp4")
    (tmp_path / "text.mp4").write_text("no video at all" * 50)
    with pytest.raises(ValueError, match=r"text\.mp4 cannot be read as a video \(.+\)\. Copy it again"):
        count_frames(tmp_path / "text.mp4")
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(1600))
    with pytest.raises(ValueError, match=r"sound\.wav holds no moving pictures"):
        count_frames(tmp_path / "sound.wav")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'deblur-lightning\[video\]'"):
        count_frames(clip)


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ({"average": "median"}, "Pass one"),
        ({"frames": (8, 8)}, "Pass 7 13"),
        ({"frames": (9, 7)}, "Pass 7 13"),
        ({"frames": (1, 2)}, "Pass 7 13"),
        ({"frames": (-7, 13)}, "Pass 7 13"),
        ({"gamma": 0.0}, "Pass 2.2"),
        ({"seed": -1}, "Pass 0"),
        ({"interpolate": 0}, "Pass 4, or 1 for none"),
    ],
)
def test_settings_out_of_range_are_refused(wrong, remedy):
    with pytest.raises(ValueError, match=remedy):
        Averaging(**wrong)


@pytest.mark.parametrize(("name", "message"), [("a.gif", "does not say how long"), ("a.webp", "an animation of a")])
def test_animations_that_would_lose_pictures_are_refused(tmp_path, name, message):
    first, *others = (Image.linear_gradient("L").rotate(90 * turn) for turn in range(3))  # of all 256 levels
    first.save(tmp_path / name, save_all=True, append_images=others)
    with pytest.raises(ValueError, match=message):
        count_frames(tmp_path / name)
    if name == "a.gif":
        first.save(tmp_path / name, save_all=True, append_images=others, duration=100)
        assert count_frames(tmp_path / name) == 3


def test_a_pipe_is_no_film(tmp_path):
    os.mkfifo(tmp_path / "a.mp4")
    with pytest.raises(ValueError, match="is no ordinary file"):
        count_frames(tmp_path / "a.mp4")
