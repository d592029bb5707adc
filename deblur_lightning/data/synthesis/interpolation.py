"""Frames between a video's frames, by the motion from each to the next: ffmpeg's filter ``minterpolate``."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from deblur_lightning.data.frames import Frame

if TYPE_CHECKING:
    from av.filter import Graph

MOTION = "mi_mode=mci:mc_mode=aobmc:vsbmc=1"  # compensated motion, small blocks at its edges; a cut is not bridged
SMALLEST = 32  # pixels: two of its blocks
PLANES = "yuv444p"  # the filter takes no RGB; no colour is thinned out


def interpolated(frames: Iterator[Frame], times: int) -> Iterator[Frame]:
    """Put frames between a video's frames.

    Where the filter follows no motion, it fades from one frame to the next.

    Args:
        frames: ``[H, W, 3]``, display values, all of one size.
        times: a frame and what follows it, before the next: 1 adds none.

    Yields:
        Each frame as it is and, but for the last, ``times - 1`` after it at equal distances.

    Raises:
        ValueError: this PyAV's ffmpeg lacks the filter, or frames are smaller than it takes.
    """
    if times == 1:
        yield from frames
        return
    first = next(frames, None)
    if first is None:
        return
    graph, own, place, number = _graph(first, times), {0: first}, 0, 0
    last = first
    _push(graph, first, 0)
    for number, frame in enumerate(frames, 1):
        own[number], last = frame, frame
        _push(graph, frame, number)
        for made in _pulled(graph):
            yield own.pop(place // times) if place % times == 0 else made
            place += 1
    for extra in (1, 2):  # it looks ahead, and ends before what it was told last
        _push(graph, last, number + extra)
    graph.push(None)
    for made in _pulled(graph):
        if place > number * times:
            break
        yield own.pop(place // times) if place % times == 0 else made
        place += 1


def _graph(frame: Frame, times: int) -> "Graph":
    import av

    if "minterpolate" not in av.filter.filters_available:
        raise ValueError(
            f"--interpolate is {times}, but this PyAV's ffmpeg has no filter minterpolate. Install av from PyPI, or "
            "leave out --interpolate."
        )
    height, width = frame.shape[:2]
    if min(height, width) < SMALLEST:
        raise ValueError(
            f"frames are {width} x {height}, but minterpolate takes {SMALLEST} and more. Leave out --interpolate."
        )
    graph = av.filter.Graph()
    parts = [
        graph.add_buffer(width=width, height=height, format=av.VideoFormat("rgb24"), time_base=Fraction(1, 1)),
        graph.add("format", PLANES),
        graph.add("minterpolate", f"fps={times}:{MOTION}"),
        graph.add("format", "rgb24"),
        graph.add("buffersink"),
    ]
    for one, following in pairwise(parts):
        one.link_to(following)
    graph.configure()
    return graph


def _push(graph: "Graph", frame: Frame, number: int) -> None:
    import av

    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
    picture.pts, picture.time_base = number, Fraction(1, 1)
    graph.push(picture)


def _pulled(graph: "Graph") -> Iterator[Frame]:
    import av

    while True:
        try:
            made = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        if isinstance(made, av.VideoFrame):
            yield np.asarray(made.to_ndarray(format="rgb24"), np.uint8)
