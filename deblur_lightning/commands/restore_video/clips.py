"""What a clip is, and the file that its result goes to, before anything is restored."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from deblur_lightning.data.synthesis.film import count_frames, opened, upright

if TYPE_CHECKING:
    from av.container import InputContainer


class Container(NamedTuple):
    """How clips of a suffix are written: FFmpeg's names of the format and the encoder, and the encoder's options."""

    format: str
    encoder: Literal["libx264", "libvpx-vp9"]
    options: dict[str, str]


FINE = {"crf": "17"}  # the eye sees no difference
WRITTEN = {
    ".mp4": Container("mp4", "libx264", FINE),
    ".mov": Container("mov", "libx264", FINE),
    ".mkv": Container("matroska", "libx264", FINE),
    ".webm": Container("webm", "libvpx-vp9", {"crf": "20", "b": "0", "cpu-used": "4"}),
}
"""By suffix."""

NOT_KEPT = {
    "subtitle": "subtitles are not kept",
    "data": "data tracks, such as time codes and positions, are not kept",
    "attachment": "attached files are not kept",
}
"""What is said of streams of a type."""


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
    frames, kind = count_frames(path), WRITTEN[target.suffix.lower()]
    if not frames:
        raise ValueError(f"{path} holds no frame. Copy it again from its source.")
    with opened(path) as clip:
        held = _codecs(kind.format)
        for sound in (stream.codec_context.name for stream in clip.streams.audio):
            if sound not in held:
                fits = [suffix for suffix, one in WRITTEN.items() if sound in _codecs(one.format)]
                remedy = f"Name a result in {fits[-1]}" if fits else "Convert the sound to AAC first"
                raise ValueError(f"{path} has sound of kind {sound}, but {target.suffix} holds none. {remedy}.")
        notes = left_behind(clip)
        first = next(clip.decode(video=0))
        height, width, _ = upright(first).shape
        pixel = clip.streams.video[0].sample_aspect_ratio
        if pixel and first.rotation // 90 % 2:  # turned by a quarter, as `upright` does
            pixel = 1 / pixel
    if _transparent(path):
        notes.append("what is transparent becomes opaque")
    if pixel and pixel != 1 and kind.encoder != "libx264":
        shape = f"{pixel.numerator}:{pixel.denominator}"
        notes.append(f"pixels of {shape} become square in {target.suffix}, .mkv keeps their shape")
    return Clip(frames, width, height, pixel, tuple(notes))


def left_behind(clip: InputContainer) -> list[str]:
    """Say what else a clip holds than its first pictures and its sound."""
    from av.stream import Disposition

    notes = [said for kind, said in NOT_KEPT.items() if any(stream.type == kind for stream in clip.streams)]
    others = clip.streams.video[1:]
    covers = [stream for stream in others if stream.disposition & Disposition.attached_pic]
    notes += ["the cover picture is not kept"] if covers else []
    notes += ["of its picture tracks the first alone is kept"] if len(others) > len(covers) else []
    return notes


def _transparent(path: Path) -> bool:
    """Look for a pixel that is not opaque, in a clip whose pictures may have some."""
    with opened(path) as clip:
        pictures = clip.streams.video[0]
        if pictures.metadata.get("alpha_mode", pictures.metadata.get("ALPHA_MODE")) == "1":  # VP8 and VP9, undecoded
            return True
        colours = pictures.codec_context.format
        if colours is None or not any(part.is_alpha for part in colours.components):
            return False
        return any(frame.to_ndarray(format="rgba")[..., 3].min() < 255 for frame in clip.decode(pictures))


def _codecs(format_name: str) -> set[str]:
    """List the codecs that a container holds."""
    import av

    with av.open(io.BytesIO(), "w", format=format_name) as container:
        return container.supported_codecs
