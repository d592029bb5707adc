"""Clips whose pictures, times and sound are known, restored by a model whose answer is known."""

import struct
import wave
from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from av.stream import Disposition
from PIL import Image
from torch import nn

from deblur_lightning.commands import main
from deblur_lightning.data.synthesis.film import count_frames, read_frames
from deblur_lightning.deblurring import Deblurred, Deblurrer, DirectDeblurrer, PhotoDeblurrer

TIMES = (0, 100, 150, 300, 310, 450)
"""Of the frames, in thousandths of a second: uneven, as telephones record."""
COLOURS = [(200, 40, 40), (40, 160, 40), (60, 60, 180), (90, 90, 90), (150, 120, 30), (30, 120, 150)]


class Halving(Deblurrer):
    """Stands for a model: half as bright, and a note of it."""

    def __init__(self, fails_at=None):
        super().__init__()
        self.seen, self.fails_at = [], fails_at

    def forward(self, blurry, exposure=None):
        if len(self.seen) == self.fails_at:
            raise ValueError("it fails")
        self.seen.append(tuple(blurry.shape))
        return Deblurred(blurry / 2, notes=("halved",))


@pytest.fixture
def model(monkeypatch):
    halving = Halving()
    monkeypatch.setattr("deblur_lightning.deblurring.load_deblurrer", lambda path, **options: PhotoDeblurrer(halving))
    return halving


def frame_of(colour, size):
    """The left half of a colour, the right half black."""
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    frame[:, : size[0] // 2] = colour
    return frame


def write_clip(path, size=(64, 48), sound="aac", colours=COLOURS, space=None, pixel=None):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        heard = container.add_stream(sound, rate=48000, layout="mono") if sound else None
        container.metadata["creation_time"] = "2026-07-08T09:10:11.000000Z"
        if space is not None:
            stream.codec_context.colorspace = space
        if pixel is not None:
            stream.codec_context.sample_aspect_ratio = pixel
        for colour, time in zip(colours, TIMES, strict=False):
            plain = av.VideoFrame.from_ndarray(frame_of(colour, size), format="rgb24")
            frame = plain.reformat(format="yuv420p", dst_colorspace=space) if space else plain
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if heard is not None:
            tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 48_000)).astype(np.float32)
            for start in range(0, 24_000 - 960, 960):
                part = tone[None, start : start + 960]
                kind = "fltp" if sound == "aac" else "s16"
                block = av.AudioFrame.from_ndarray(
                    part if kind == "fltp" else (part * 32767).astype(np.int16), format=kind, layout="mono"
                )
                block.sample_rate, block.pts = 48_000, start
                container.mux(heard.encode(block))
            container.mux(heard.encode(None))
    return path


def read_clip(path):
    """Read its pictures, their times in seconds, and its sound's packets with theirs."""
    with av.open(str(path)) as container:
        frames = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.dts is not None]
        sound = [(float(packet.pts * packet.time_base), bytes(packet)) for packet in packets]
    return [time for time, _ in frames], [frame for _, frame in frames], sound


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_sound_that_tells_no_places_of_its_channels_is_kept(tmp_path, model, suffix):
    clip, result = write_clip(tmp_path / "a.mkv", sound="pcm_s16le"), tmp_path / f"b{suffix}"
    assert run(clip, "-o", result) == 0
    heard, kept = (b"".join(part for _, part in read_clip(path)[2]) for path in (clip, result))
    assert heard == kept


def run(*words):
    with pytest.raises(SystemExit) as end:
        main(["restore-video", *map(str, words)])
    return end.value.code


@pytest.mark.parametrize(("suffix", "space"), [(".mp4", None), (".mp4", 1), (".mkv", None)])  # 1 is BT.709
def test_each_frame_is_restored_at_its_time_and_the_sound_is_as_it_was(tmp_path, model, capsys, suffix, space):
    clip, result = write_clip(tmp_path / "a.mp4", space=space), tmp_path / f"b{suffix}"
    assert run(clip, "-o", result) == 0
    assert len(model.seen) == 6
    times, frames, sound = read_clip(result)
    before, pictures, heard = read_clip(clip)
    late = times[0] - before[0]  # Matroska knows no time before 0, where AAC begins
    assert 0 <= late < 0.03
    np.testing.assert_allclose([time - late for time, _ in sound], [time for time, _ in heard], atol=0.0011)
    np.testing.assert_allclose(np.array(times) - times[0], np.array(TIMES) / 1000, atol=0.0011)
    for frame, picture in zip(frames, pictures, strict=True):
        np.testing.assert_allclose(frame[8:-8, 8:24], picture[8:-8, 8:24] / 2, atol=4)
        np.testing.assert_allclose(frame[8:-8, 40:56], 0, atol=4)
    assert [packet for _, packet in sound] == [packet for _, packet in heard]
    with av.open(str(result)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.video[0].codec_context.colorspace == (2 if space is None else space)
        assert container.metadata.get("creation_time", container.metadata.get("CREATION_TIME"))[:10] == "2026-07-08"
    said = capsys.readouterr().out
    assert "6 frames of 64 x 48" in said
    assert "halved (6 of its frames)" in said


def test_a_direct_network_looks_once_at_each_frame(tmp_path, monkeypatch):
    class Counting(nn.Module):
        asked = 0

        def forward(self, pictures):
            self.asked += 1
            return pictures

    network = Counting()
    model = PhotoDeblurrer(DirectDeblurrer(network, signed=False, turned=True))
    model(torch.rand(1, 3, 80, 80))
    assert network.asked == 4
    monkeypatch.setattr("deblur_lightning.deblurring.load_deblurrer", lambda path, **options: model)
    assert run(write_clip(tmp_path / "a.mp4"), "-o", tmp_path / "b.mp4") == 0
    assert network.asked == 4 + 6


def held_upright(clip):
    """Say in an MP4 of one track that it is to be turned for display, by a quarter clockwise."""
    data = bytearray(clip.read_bytes())
    matrix = data.index(b"tkhd") + 44
    data[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    clip.write_bytes(data)
    return clip


def test_a_clip_held_upright_is_written_upright(tmp_path, model):
    clip = held_upright(write_clip(tmp_path / "a.mp4", sound=None))
    assert run(clip, "-o", tmp_path / "out") == 0
    with av.open(str(tmp_path / "out" / "a.mp4")) as container:
        (first, *_) = container.decode(video=0)
    assert (first.width, first.height, first.rotation) == (48, 64, 0)
    frame = first.to_ndarray(format="rgb24")
    upper = frame[8:24, 8:-8].mean(axis=(0, 1))  # what was left
    np.testing.assert_allclose(upper, np.array(COLOURS[0]) / 2, atol=4)
    np.testing.assert_allclose(frame[40:56, 8:-8], 0, atol=4)


def shape_of_pixels(path):
    """Read a pixel's width over its height, None where that is not told."""
    with av.open(str(path)) as container:
        return container.streams.video[0].sample_aspect_ratio


@pytest.mark.parametrize("pixel", [Fraction(4, 3), Fraction(8, 9), Fraction(1), None])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_pixels_that_are_not_square_stay_so(tmp_path, model, capsys, suffix, pixel):
    clip, result = write_clip(tmp_path / "a.mp4", sound=None, pixel=pixel), tmp_path / f"b{suffix}"
    assert shape_of_pixels(clip) == pixel
    assert run(clip, "-o", result) == 0
    assert shape_of_pixels(result) == pixel
    assert "square" not in capsys.readouterr().out
    assert run(held_upright(clip), "-o", result, "--overwrite") == 0
    assert shape_of_pixels(result) == (pixel and 1 / pixel)  # what was wide is high


def test_pixels_that_become_square_are_told(tmp_path, model, capsys):
    for pixel, told in ((Fraction(4, 3), True), (Fraction(1), False), (None, False)):
        clip = write_clip(tmp_path / "a.mp4", sound=None, colours=COLOURS[:2], pixel=pixel)
        assert run(clip, "-o", tmp_path / "b.webm", "--overwrite") == 0
        said = capsys.readouterr().out
        assert ("pixels of 4:3 become square in .webm, .mkv keeps their shape" in said) == told


def test_a_result_is_whole_or_not_there(tmp_path, model):
    clip, result = write_clip(tmp_path / "a.mp4"), tmp_path / "out" / "b.mp4"
    model.fails_at = 3
    assert "it fails" in run(clip, "-o", result)
    assert list(result.parent.iterdir()) == []
    result.write_bytes(b"mine")
    assert "is there already and is kept. Pass --overwrite to replace it" in run(clip, "-o", result)
    assert "it fails" in run(clip, "-o", result, "--overwrite")
    assert result.read_bytes() == b"mine"
    assert list(result.parent.iterdir()) == [result]


def test_sides_of_odd_length_and_other_containers(tmp_path, model):
    with av.open(str(tmp_path / "odd.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 65, 49, "bgr0"
        for colour in COLOURS[:3]:
            frame = av.VideoFrame.from_ndarray(frame_of(colour, (65, 49)), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="bgr0")))
        container.mux(stream.encode(None))
    for suffix in (".mp4", ".webm", ".mov"):
        assert run(tmp_path / "odd.mkv", "-o", tmp_path / f"b{suffix}") == 0
        with av.open(str(tmp_path / f"b{suffix}")) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert [frame.shape for frame in frames] == [(49, 65, 3)] * 3
        for frame, colour in zip(frames, COLOURS, strict=False):
            np.testing.assert_allclose(frame[8:-8, 8:24].mean(axis=(0, 1)), np.array(colour) / 2, atol=8)


class Same(Deblurrer):
    """Stands for a model that leaves everything as it was."""

    def forward(self, blurry, exposure=None):
        return Deblurred(blurry)


@pytest.mark.parametrize(("codec", "pixels"), [("ffv1", "bgr0"), ("libx264", "yuvj420p")])
def test_colours_stay_as_they_were(tmp_path, monkeypatch, codec, pixels):
    monkeypatch.setattr("deblur_lightning.deblurring.load_deblurrer", lambda path, **options: PhotoDeblurrer(Same()))
    colours = np.random.default_rng(5).integers(30, 226, (12, 16, 3))
    picture = np.kron(colours, np.ones((16, 16, 1), int)).astype(np.uint8)
    with av.open(str(tmp_path / "0.mkv"), "w") as container:
        stream = container.add_stream(codec, rate=10, options={} if codec == "ffv1" else {"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = 256, 192, pixels
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)))
        container.mux(stream.encode(None))
    for turn in range(3):
        assert run(tmp_path / f"{turn}.mkv", "-o", tmp_path / f"{turn + 1}.mkv") == 0
    before = next(read_frames(tmp_path / "0.mkv")).mean(axis=(0, 1))
    seen = [frame.mean(axis=(0, 1)) for frame in read_frames(tmp_path / "3.mkv")]
    assert len(seen) == 2
    for frame in seen:  # FFmpeg's quick conversion makes each turn about a level darker
        np.testing.assert_allclose(frame, before, atol=0.5)


def test_a_whole_clip_whose_sound_begins_late_and_ends_late_is_taken(tmp_path, model):
    for suffix, sound in ((".avi", "pcm_s16le"), (".mkv", "pcm_s16le"), (".mp4", "aac")):
        path = tmp_path / f"late{suffix}"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            heard = container.add_stream(sound, rate=48000, layout="mono")
            for _ in range(20):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame_of(COLOURS[0], (64, 48)), format="rgb24")))
            container.mux(stream.encode(None))
            for start in range(144_000, 240_000, 960):  # from the third second to the fifth
                kind = "fltp" if sound == "aac" else "s16"
                block = av.AudioFrame.from_ndarray(
                    np.zeros((1, 960), np.float32 if kind == "fltp" else np.int16), format=kind, layout="mono"
                )
                block.sample_rate, block.pts = 48_000, start
                container.mux(heard.encode(block))
            container.mux(heard.encode(None))
        assert count_frames(path) == 20


CODECS = {".webm": "libvpx-vp9", ".wmv": "wmv2"}
"""Of containers that hold no MPEG-4."""


@pytest.mark.parametrize("begins", [0.6, 3.0])
@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".mp4", ".mov", ".ts", ".avi", ".wmv", ".nut"])
def test_a_whole_clip_whose_time_begins_late_is_taken(tmp_path, model, suffix, begins):
    clip, result = tmp_path / f"a{suffix}", tmp_path / "b.mkv"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream(CODECS.get(suffix, "mpeg4"), rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(50):
            frame = av.VideoFrame.from_ndarray(frame_of(COLOURS[0], (64, 48)), format="rgb24")
            frame.pts, frame.time_base = round(25 * begins) + number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert run(clip, "-o", result) == 0
    with av.open(str(result)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    first = 0 if suffix == ".avi" else begins  # which knows no times, but counts frames, left out ones as well
    np.testing.assert_allclose([times[0], times[-1]], [first, begins + 49 / 25], atol=0.0011)
    assert len(times) == 50
    assert run(result, "-o", tmp_path / "c.mkv") == 0  # also what was written


@pytest.mark.parametrize("begins", [0, 3])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".avi"])
@pytest.mark.parametrize("share", [0.4, 0.8])
def test_a_clip_that_was_cut_off_is_refused(tmp_path, model, suffix, share, begins):
    whole, cut, noise = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}", np.random.default_rng(6)
    with av.open(str(whole), "w", options={"movflags": "faststart"} if suffix == ".mp4" else {}) as container:
        stream = container.add_stream("mpeg4" if suffix == ".avi" else "libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(40):
            pixels = noise.integers(0, 255, (64, 96, 3)).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = 10 * begins + number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert count_frames(whole) == 40
    data = whole.read_bytes()
    cut.write_bytes(data[: int(share * len(data))])
    said = run(cut, "-o", tmp_path / "b.mp4")
    lasts = 4 + begins * (suffix == ".avi")  # which counts frames, left out ones as well
    assert f"was cut off: it lasts {lasts:.1f} s by its own account" in said
    assert "Copy it again from its source" in said
    assert not (tmp_path / "b.mp4").exists()


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("durations", [(200, 200, 4000), (1500,)])
def test_the_last_frame_is_seen_as_long_as_it_was(tmp_path, model, suffix, durations):
    pictures = [Image.new("RGB", (64, 48), colour) for colour in COLOURS]
    first, others = pictures[0], pictures[1 : len(durations)]
    first.save(tmp_path / "a.gif", save_all=True, append_images=others, duration=list(durations))
    result = tmp_path / f"b{suffix}"
    assert run(tmp_path / "a.gif", "-o", result) == 0
    with av.open(str(result)) as container:
        assert container.duration == sum(durations) * 1000
    np.testing.assert_allclose(read_times(result), np.cumsum((0, *durations))[:-1] / 1000, atol=0.001)


def read_times(path):
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def chapter(number, start, end, title):
    milliseconds = Fraction(1, 1000)
    return {"id": number, "start": start, "end": end, "time_base": milliseconds, "metadata": {"title": title}}


def write_tracks(path):
    """Two sounds of their own language and title, two pictures, two chapters and an attached file."""
    plain = write_clip(path.with_name("plain.mp4"))
    with av.open(str(plain)) as one, av.open(str(plain)) as other, av.open(str(path), "w") as made:
        pictures = [made.add_stream_from_template(clip.streams.video[0]) for clip in (one, other)]
        sounds = [made.add_stream_from_template(clip.streams.audio[0]) for clip in (one, other)]
        for sound, language, title in zip(sounds, ("fra", "eng"), ("Le vent", "The wind"), strict=True):
            sound.metadata.update({"language": language, "title": title})
        sounds[0].disposition, sounds[1].disposition = Disposition(0), Disposition.default
        made.add_attachment("letters.ttf", "font/ttf", b"letters")
        made.set_chapters([chapter(1, 0, 200, "Calm"), chapter(2, 200, 500, "Storm")])
        for clip, streams in ((one, (pictures[0], sounds[0])), (other, (pictures[1], sounds[1]))):
            for packet in clip.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream.index]
                    made.mux(packet)
    return path


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".mov"])
def test_sounds_keep_their_names_and_what_is_left_out_is_said(tmp_path, model, capsys, suffix):
    clip, result = write_tracks(tmp_path / "a.mkv"), tmp_path / f"b{suffix}"
    assert run(clip, "-o", result) == 0
    said = capsys.readouterr().out
    assert "attached files are not kept" in said
    assert "of its picture tracks the first alone is kept" in said
    assert "data tracks" not in said
    with av.open(str(result)) as container:
        assert len(container.streams.video) == 1
        assert [one.language for one in container.streams.audio] == ["fra", "eng"]
        assert [bool(one.disposition & Disposition.default) for one in container.streams.audio] == [False, True]
        chapters = [(one["start"] * one["time_base"], one["metadata"]["title"]) for one in container.chapters()]
        assert chapters == [(0, "Calm"), (Fraction(1, 5), "Storm")]
        if suffix == ".mkv":  # the others name tracks elsewhere
            assert [one.metadata["title"] for one in container.streams.audio] == ["Le vent", "The wind"]


@pytest.mark.parametrize(("alpha", "said"), [(255, False), (128, True)])
def test_what_becomes_opaque_is_said(tmp_path, model, capsys, alpha, said):
    clip = tmp_path / "a.mov"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("qtrle", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "argb"
        for level in (255, alpha):
            pixels = np.full((48, 64, 4), (level, 90, 60, 30), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="argb")))
        container.mux(stream.encode(None))
    assert run(clip, "-o", tmp_path / "b.mp4") == 0
    assert ("what is transparent becomes opaque" in capsys.readouterr().out) is said


def write_photo(path):
    Image.new("RGB", (40, 30), "gray").save(path)
    return path


def test_what_cannot_be_restored_is_said_before_a_model_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr("deblur_lightning.deblurring.load_deblurrer", lambda *_, **__: pytest.fail("loaded"))
    clip, result = write_clip(tmp_path / "a.mp4"), tmp_path / "b.mp4"
    (tmp_path / "text.mp4").write_text("no video at all" * 50)
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(1600))
    pcm = write_clip(tmp_path / "pcm.mkv", sound="pcm_s16le")
    assert "none.mp4 does not exist" in run(tmp_path / "none.mp4", "-o", result)
    assert "text.mp4 cannot be read as a video" in run(tmp_path / "text.mp4", "-o", result)
    assert "sound.wav holds no moving pictures" in run(tmp_path / "sound.wav", "-o", result)
    assert "photo.jpg holds no moving pictures" in run(write_photo(tmp_path / "photo.jpg"), "-o", result)
    assert "photo.png holds no moving pictures" in run(write_photo(tmp_path / "photo.png"), "-o", result)
    assert "is a folder, but one video is read at a time" in run(tmp_path, "-o", result)
    assert "b.avi, but videos are written as .mp4, .mov, .mkv, .webm" in run(clip, "-o", tmp_path / "b.avi")
    assert "a.mp4 would be overwritten by its own result" in run(clip, "-o", clip, "--overwrite")
    assert "a.mp4 would be overwritten by its own result" in run(clip, "-o", tmp_path)
    assert "sound of kind pcm_s16le, but .webm holds none. Name a result in .mkv" in run(pcm, "-o", tmp_path / "b.webm")
    assert not list(tmp_path.glob("b.*"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'deblur-lightning[video]'" in run(clip, "-o", result)


def test_a_folder_that_cannot_be_written_is_told_before_a_clip_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr("deblur_lightning.commands.restore_video.clips.count_frames", lambda _: pytest.fail("decoded"))
    clip = write_clip(tmp_path / "a.mp4")
    assert "a.mp4 cannot be written: it is a file. Choose another output folder" in run(clip, "-o", clip / "b.mp4")
