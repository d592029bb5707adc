"""Pairs made of a video as GoPro's were: neighbouring frames averaged, the middle one sharp (Nah et al. 2017)."""

import importlib.util
import shlex
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
from PIL import Image

from deblur_lightning.data.checks import check_seed
from deblur_lightning.data.frames import DAMAGED, Frame
from deblur_lightning.data.synthesis.interpolation import interpolated
from deblur_lightning.data.synthesis.pair_folder import MadePair, name_of
from deblur_lightning.physics import check_gamma

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer

TICKS = 1_000_000  # a second of FFmpeg's for whole videos
MISSING = 0.05  # seconds that may lack at the end of an MP4 that also says how many frames it has, and has fewer
ROUGH, ROUGH_SHARE = 0.5, 0.02  # seconds, and of a video: what may lack at other ends, as containers count roughly
FROM_ZERO = {"matroska,webm", "asf", "nut"}  # FFmpeg's names of containers whose duration is the time of their end

Average = Literal["display", "linear"]


@dataclass(frozen=True)
class Averaging:
    """How frames become exposures.

    Attributes:
        average: the frames' values as recorded, ``display``, or their light, ``linear``; GoPro's ``blur`` and
            ``blur_gamma``.
        frames: fewest and most frames of an exposure; an odd number between them is drawn, so that there is a middle.
        gamma: display to linear light.
        seed: of their numbers.
        interpolate: samples from one frame to the next, as `interpolated` makes them; 1 averages the video's own alone.
    """

    average: Average = "display"
    frames: tuple[int, int] = (7, 13)
    gamma: float = 2.2
    seed: int = 0
    interpolate: int = 1

    def __post_init__(self) -> None:
        if self.average not in get_args(Average):
            raise ValueError(f"average is {self.average}, but values are display or linear. Pass one.")
        least, most = self.frames
        if not (1 <= least <= most and len(self.numbers)):
            raise ValueError(
                f"frames are {least} to {most}, but an exposure takes an odd number, so that one is in the middle. "
                "Pass 7 13."
            )
        if not self.interpolate >= 1:
            raise ValueError(
                f"interpolate is {self.interpolate}, but it multiplies a video's frames. Pass 4, or 1 for none."
            )
        check_seed(self.seed)
        check_gamma(self.gamma)

    @property
    def numbers(self) -> range:
        """How many frames an exposure may take."""
        least, most = self.frames
        return range(max(3, least | 1), most + 1, 2)

    def settings(self) -> dict[str, str | int | float]:
        """List them for a file."""
        return {**asdict(self), "frames": "-".join(map(str, self.frames))}


class Exposed(NamedTuple):
    """The frames of one exposure: the number of the first, from 0, and how many."""

    first: int
    frames: int


def exposures_of_film(frames: int, averaging: Averaging) -> list[Exposed]:
    """Divide a video into exposures, one right after the other; what is left at its end is not used.

    Args:
        frames: of the video.
        averaging: draws how many frames each takes.
    """
    made: list[Exposed] = []
    first = 0
    while True:
        count = int(np.random.default_rng((averaging.seed, len(made))).choice(averaging.numbers))
        if first + count > frames:
            return made
        made.append(Exposed(first, count))
        first += count


def pairs_of_frames(
    frames: Iterator[Frame], exposures: list[Exposed], averaging: Averaging, source: str
) -> Iterator[tuple[int, MadePair]]:
    """Average a video's frames, and those made between them; the sharp one is always a frame of the video.

    Args:
        frames: of the video from its first on, ``[H, W, 3]``.
        exposures: in order, not overlapping.
        averaging: how.
        source: the video's name without suffix.

    Yields:
        The pairs' numbers, from 0, and the pairs.
    """
    gamma = averaging.gamma if averaging.average == "linear" else 1.0
    light = (np.arange(256) / 255) ** gamma
    times = averaging.interpolate
    samples = interpolated(frames, times)
    for number, (first, count) in enumerate(exposures):
        exposed = (count - 1) * times + 1
        middle = total = None
        for place, frame in enumerate(islice(samples, exposed)):
            middle = frame if place == exposed // 2 else middle
            total = light[frame] if total is None else total + light[frame]
        if middle is None or total is None:
            raise ValueError(
                f"{source} ends before frame {first + count}, which an exposure takes. Pass the whole video."
            )
        blurry = np.rint(255 * (total / exposed) ** (1 / gamma)).astype(np.uint8)
        row = {**averaging.settings(), "first_frame": first, "frames": count}
        yield number, MadePair(name_of(source, number), blurry, middle, None, row)
        deque(islice(samples, times - 1), maxlen=0)  # between this exposure and the next


def read_frames(path: Path) -> Iterator[Frame]:
    """Decode a video's frames, upright, ``[H, W, 3]``, display values.

    Raises:
        ValueError: no video, or a damaged one.
    """
    with opened(path) as film:
        for frame in film.decode(video=0):
            yield upright(frame)


def upright(frame: "VideoFrame") -> Frame:
    """Give a decoded frame's pixels as they are to be seen, ``[H, W, 3]``, display values."""
    converted = frame.reformat(format="rgb24", interpolation=rounded_to_nearest())
    return np.ascontiguousarray(np.rot90(converted.to_ndarray(), frame.rotation // 90))


def rounded_to_nearest() -> int:
    """Give FFmpeg's flags for colours rounded to the nearest; its quick way makes each frame about a level darker."""
    from av.video.reformatter import Interpolation as How

    return How.BICUBIC | How.ACCURATE_RND | How.FULL_CHR_H_INT | How.FULL_CHR_H_INP


def count_frames(path: Path) -> int:
    """Decode a video to its end and count its frames, so that a damaged one is known before anything is made.

    Raises:
        FileNotFoundError: no such file.
        ValueError: PyAV is not installed; a folder; no video, a damaged one, or one that ends before it says.
    """
    if importlib.util.find_spec("av") is None:
        raise ValueError("av is not installed, but videos are read by it. Run: pip install 'deblur-lightning[video]'")
    if path.is_dir():
        raise ValueError(f"{path} is a folder, but one video is read at a time. Pass a video in it.")
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is no ordinary file. Name a video.")
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist. Check the path; this folder is {Path.cwd()}.")
    with opened(path) as film:
        pictures, frames, packets = film.streams.video[0], 0, 0
        ends: dict[int, float] = {}
        for packet in film.demux():
            if packet.pts is not None and packet.time_base is not None:
                end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                ends[packet.stream.index] = max(end, ends.get(packet.stream.index, end))
                packets += packet.stream.index == pictures.index
            if packet.stream.index == pictures.index:
                frames += len(pictures.decode(packet))
        begin, lasts = ((one or 0) / TICKS for one in (film.start_time, film.duration))
        end = max(ends.values(), default=begin)
        if pictures.duration and pictures.time_base:  # sound may begin and end at other times
            times = (pictures.start_time, pictures.duration)
            begin, lasts = (float((one or 0) * pictures.time_base) for one in times)
            end = ends.get(pictures.index, begin)
        if film.format.name in FROM_ZERO:  # mkvmerge counts from the first frame: of its videos that begin late, more
            lasts -= begin  # may lack unnoticed, which is better than to refuse whole ones of the others
        if film.format.name == "avi" and pictures.average_rate:  # FFmpeg shortens the duration by what the file lacks
            lasts = max(lasts, float(pictures.frames / pictures.average_rate))
        there = end - begin
        counted = "mp4" in film.format.name and packets < pictures.frames  # others' counts are rough
    if lasts - there > (MISSING if counted else max(ROUGH, ROUGH_SHARE * lasts)):
        raise ValueError(
            f"{path} was cut off: it lasts {lasts:.1f} s by its own account, but {there:.1f} s are there. Copy it "
            "again from its source, or save what is there: "
            f"ffmpeg -i {shlex.quote(str(path))} -c copy {shlex.quote(f'rest{path.suffix}')}"
        )
    return frames


def _pictures(path: Path, kinds: tuple[str, ...]) -> int:
    """Count the pictures of an animation of some kinds; 0 of any other file."""
    try:
        with Image.open(path, formats=kinds) as picture:
            return getattr(picture, "n_frames", 1)
    except DAMAGED:
        return 0


def _has_times(path: Path) -> bool:
    """Tell whether a GIF of several pictures has the extension that says how long each lasts."""
    return b"\x21\xf9\x04" in path.read_bytes() or _pictures(path, ("GIF",)) <= 1


@contextmanager
def opened(path: Path) -> Iterator["InputContainer"]:
    """Open a video.

    Raises:
        ValueError: no video, or, while it is read, a damaged one.
    """
    import av

    try:
        with av.open(str(path)) as film:
            if not film.streams.video or film.format.name.endswith("_pipe") or film.format.name == "image2":  # a photo
                moves = _pictures(path, ("WEBP", "PNG")) > 1
                raise ValueError(
                    f"{path} is an animation of a kind that is not read. Save it as GIF or video."
                    if moves
                    else f"{path} holds no moving pictures. Pass a video."
                )
            if film.format.name == "gif" and not _has_times(path):  # FFmpeg takes them all for one picture
                raise ValueError(f"{path} does not say how long its pictures last. Save it with times.")
            film.streams.video[0].thread_type = "AUTO"
            yield film
    except av.error.FFmpegError as error:
        raise ValueError(
            f"{path} cannot be read as a video ({error.strerror}). Copy it again from its source."
        ) from error
