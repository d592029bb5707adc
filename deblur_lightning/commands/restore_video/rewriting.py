"""A clip's pictures through a function and into a new file, at the times they had, with the sound as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deblur_lightning.commands.restore_video.clips import WRITTEN, Clip, Container
from deblur_lightning.data.synthesis.film import opened, rounded_to_nearest, upright
from deblur_lightning.whole_file import whole_file

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.video.stream import VideoStream

    from deblur_lightning.data.frames import Frame


LIMITED = 1
"""FFmpeg's number of colours from 16 to 235, which it converts to without error, unlike to the full range."""


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
    made.set_chapters(clip.chapters())
    number, lasting = 0, dict[int, int]()
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
            elif frame.duration:
                lasting[frame.pts] = frame.duration
            made.mux(_lasting(written.encode(changed), lasting))
            number += 1
            progress(number / known.frames)
    made.mux(_lasting(written.encode(None), lasting))


def _lasting(packets: Iterable[Packet[VideoStream]], lasting: dict[int, int]) -> list[Packet[VideoStream]]:
    """Give packets the durations of their frames, which encoders lose; of the last one no other tells the end."""
    packets = list(packets)
    for packet in packets:
        if packet.pts in lasting:
            packet.duration = lasting.pop(packet.pts)
    return packets


def _sound_stream(sound: AudioStream, made: OutputContainer) -> AudioStream:
    """Add a stream like the clip's; where that tells no places of its channels, the usual ones of as many."""
    written = made.add_stream_from_template(sound)
    written.metadata.update(sound.metadata)  # its language and title
    written.disposition = sound.disposition
    usual = {1: "mono", 2: "stereo"}.get(sound.codec_context.channels)
    if usual and sound.codec_context.layout.name != usual:
        written.codec_context.layout = usual
    return written


def _picture_stream(pictures: VideoStream, made: OutputContainer, kind: Container, known: Clip) -> VideoStream:
    """Add a stream like the clip's, of the result's size."""
    written = made.add_stream(kind.encoder, rate=rate_of(pictures), options=kind.options)
    written.width, written.height = known.width, known.height
    written.metadata.update({name: told for name, told in pictures.metadata.items() if name in ("language", "title")})
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
