"""A clip's pictures through a function and into a new file, at the times they had, with the sound as it was."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from deblur_lightning.data.synthesis.film import count_frames, opened, rounded_to_nearest, upright
from deblur_lightning.whole_file import whole_file

if TYPE_CHECKING:
    from av import VideoFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.video.stream import VideoStream

    from deblur_lightning.data.frames import Frame


class Container(NamedTuple):
    """How clips of a suffix are written: FFmpeg's names of the format and the encoder, and the encoder's options."""

    format: str
    encoder: Literal["libx264", "libvpx-vp9"]
    options: dict[str, str]


LIMITED = 1
"""FFmpeg's number of colours from 16 to 235, which it converts to without error, unlike to the full range."""

FINE = {"crf": "17"}  # the eye sees no difference
WRITTEN = {
    ".mp4": Container("mp4", "libx264", FINE),
    ".mov": Container("mov", "libx264", FINE),
    ".mkv": Container("matroska", "libx264", FINE),
    ".webm": Container("webm", "libvpx-vp9", {"crf": "20", "b": "0", "cpu-used": "4"}),
}
"""By suffix."""


class Clip(NamedTuple):
    """What is known of a clip before it is restored.

    Attributes:
        frames: how many.
        width: upright, in pixels.
        height: upright, in pixels.
        pixel: a pixel's width over its height, upright, where the clip tells it.
        notes: what is not kept.
    """

    frames: int
    width: int
    height: int
    pixel: Fraction | None = None
    notes: tuple[str, ...] = ()


def result_path(clip: Path, output: Path) -> Path:
    """Tell the result's file: the one named, or one of the clip's name in the folder named.

    Raises:
        ValueError: a suffix that is not written, or the clip itself.
    """
    if output.is_dir() or not output.suffix:
        target = output / f"{clip.stem}{clip.suffix.lower() if clip.suffix.lower() in WRITTEN else '.mp4'}"
    elif output.suffix.lower() in WRITTEN:
        target = output
    else:
        raise ValueError(f"--output is {output}, but videos are written as {', '.join(WRITTEN)}. Choose one of these.")
    if target.exists() and clip.exists() and target.samefile(clip):
        raise ValueError(f"{clip} would be overwritten by its own result. Choose another --output.")
    return target


def measure_clip(path: Path, target: Path) -> Clip:
    """Decode a clip to its end, so that what cannot be restored or written is known before long work.

    Raises:
        FileNotFoundError: no such file.
        ValueError: PyAV is not installed; no clip, a damaged one, one without frames, or sound that the result's
            container does not hold.
    """
    frames = count_frames(path)
    if not frames:
        raise ValueError(f"{path} holds no frame. Copy it again from its source.")
    with opened(path) as clip:
        held = _codecs(WRITTEN[target.suffix.lower()].format)
        for sound in (stream.codec_context.name for stream in clip.streams.audio):
            if sound not in held:
                fits = [suffix for suffix, one in WRITTEN.items() if sound in _codecs(one.format)]
                remedy = f"Name a result in {fits[-1]}" if fits else "Convert the sound to AAC first"
                raise ValueError(f"{path} has sound of kind {sound}, but {target.suffix} holds none. {remedy}.")
        lost = {stream.type for stream in clip.streams} - {"video", "audio"}
        first = next(clip.decode(video=0))
        height, width, _ = upright(first).shape
        pixel = clip.streams.video[0].sample_aspect_ratio
        if pixel and first.rotation // 90 % 2:  # turned by a quarter, as `upright` does
            pixel = 1 / pixel
    notes = ["subtitles are not kept"] if "subtitle" in lost else []
    if pixel and pixel != 1 and WRITTEN[target.suffix.lower()].encoder != "libx264":
        shape = f"{pixel.numerator}:{pixel.denominator}"
        notes.append(f"pixels of {shape} become square in {target.suffix}, .mkv keeps their shape")
    return Clip(frames, width, height, pixel, tuple(notes))


def rewrite(
    source: Path, target: Path, known: Clip, change: Callable[[Frame], Frame], progress: Callable[[float], None]
) -> None:
    """Write a clip anew, each of its frames changed; the result is whole or not there.

    Args:
        source: the clip.
        target: the result, of one of the suffixes `WRITTEN`.
        known: of the clip.
        change: maps a frame, upright, ``[H, W, 3]``, to one of the same shape.
        progress: takes the share done, 0 to 1.

    Raises:
        ValueError: it cannot be read.
        OSError: it cannot be written.
    """
    import av

    kind = WRITTEN[target.suffix.lower()]
    with opened(source) as clip, whole_file(target) as part:
        try:
            with av.open(str(part), "w", format=kind.format) as made:
                _copy(clip, made, kind, known, change, progress)
        except av.error.FFmpegError as error:  # it was read to its end before
            raise OSError(f"{target} cannot be written ({error.strerror}). Choose another --output.") from error


def _copy(
    clip: InputContainer,
    made: OutputContainer,
    kind: Container,
    known: Clip,
    change: Callable[[Frame], Frame],
    progress: Callable[[float], None],
) -> None:
    pictures, sounds = clip.streams.video[0], clip.streams.audio
    written = _picture_stream(pictures, made, kind, known)
    copied = {sound.index: _sound_stream(sound, made) for sound in sounds}
    made.metadata.update(clip.metadata)  # when and where it was taken
    number = 0
    for packet in clip.demux(pictures, *sounds):
        if packet.stream.index in copied:
            if packet.dts is not None:  # the last one is empty
                packet.stream = copied[packet.stream.index]
                made.mux(packet)
            continue
        for frame in pictures.decode(packet):
            changed = _frame_like(frame, change(upright(frame)), written)
            if frame.pts is None:
                changed.pts, changed.time_base = number, 1 / rate_of(pictures)
            made.mux(written.encode(changed))
            number += 1
            progress(number / known.frames)
    made.mux(written.encode(None))


def _sound_stream(sound: AudioStream, made: OutputContainer) -> AudioStream:
    """Add a stream like the clip's; where that tells no places of its channels, the usual ones of as many."""
    written = made.add_stream_from_template(sound)
    usual = {1: "mono", 2: "stereo"}.get(sound.codec_context.channels)
    if usual and sound.codec_context.layout.name != usual:
        written.codec_context.layout = usual
    return written


def _picture_stream(pictures: VideoStream, made: OutputContainer, kind: Container, known: Clip) -> VideoStream:
    """Add a stream like the clip's, of the result's size."""
    written = made.add_stream(kind.encoder, rate=rate_of(pictures), options=kind.options)
    written.width, written.height = known.width, known.height
    even = known.width % 2 == known.height % 2 == 0
    written.pix_fmt = "yuv420p" if even or kind.encoder != "libx264" else "yuv444p"  # x264 halves no odd side
    if pictures.time_base is not None:
        written.codec_context.time_base = pictures.time_base  # so that frames keep their times, also uneven ones
    for name in ("colorspace", "color_primaries", "color_trc"):
        setattr(written.codec_context, name, getattr(pictures.codec_context, name))
    written.codec_context.color_range = LIMITED
    if known.pixel:  # H.264 tells it itself; VP9 leaves it to the container, for which PyAV takes none
        written.codec_context.sample_aspect_ratio = known.pixel
    return written


def rate_of(pictures: VideoStream) -> Fraction:
    """Tell how many frames a second a stream has, as far as it says so; times are the frames' own."""
    return pictures.guessed_rate or Fraction(30)


def _frame_like(frame: VideoFrame, pixels: Frame, written: VideoStream) -> VideoFrame:
    """Encode pixels in the colours, and at the time, of the frame they were made of."""
    from av import VideoFrame

    made = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").reformat(
        format=written.pix_fmt,
        dst_colorspace=frame.colorspace,
        dst_color_range=LIMITED,
        interpolation=rounded_to_nearest(),
    )
    made.pts, made.time_base = frame.pts, frame.time_base
    return made


def _codecs(format_name: str) -> set[str]:
    """List the codecs that a container holds."""
    import av

    with av.open(io.BytesIO(), "w", format=format_name) as container:
        return container.supported_codecs
