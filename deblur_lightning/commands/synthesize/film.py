"""Pairs of a video: everything checked, then made, then told."""

from __future__ import annotations

import time
from pathlib import Path

from deblur_lightning.commands._output_paths import check_folder_writable
from deblur_lightning.commands._progress import Console
from deblur_lightning.data.synthesis.film import (
    Averaging,
    count_frames,
    exposures_of_film,
    pairs_of_frames,
    read_frames,
)
from deblur_lightning.data.synthesis.pair_folder import DIGEST, SOURCE, PairFolder
from deblur_lightning.sentences import count_of


def pairs_of_film(path: Path, output: Path, averaging: Averaging, count: int | None, console: Console) -> None:
    """Make a folder of pairs, or what is missing of one.

    Args:
        path: the video.
        output: the folder.
        averaging: how frames become exposures.
        count: of pairs; None makes as many as there are frames for.
        console: says what becomes of it.

    Raises:
        FileExistsError: ``output`` holds something else.
        FileNotFoundError: no video there.
        ValueError: a video that cannot be read, or is too short.
    """
    began, path = time.monotonic(), path.expanduser()
    frames = count_frames(path)
    exposures = exposures_of_film(frames, averaging)
    if not exposures:
        raise ValueError(
            f"{path} has {count_of(frames, 'frame')}, but the first exposure takes more of {averaging.frames[0]} to "
            f"{averaging.frames[1]}. Pass a longer video, or fewer --frames."
        )
    if count is not None and count > len(exposures):
        raise ValueError(
            f"--count is {count}, but {path} has frames for {count_of(len(exposures), 'pair')}. "
            f"Pass {len(exposures)} or less."
        )
    exposures = exposures[:count]
    told = {SOURCE: str(path), DIGEST: f"{path.name}, {path.stat().st_size} bytes, {frames} frames"}
    folder = PairFolder(output, {**told, **averaging.settings(), "count": len(exposures)})
    if folder.whole:
        console.say(f"{output}: there already: {count_of(folder.count, 'pair')}.")
        return
    check_folder_writable(output)
    missing = set(folder.begin())
    if len(missing) < folder.count:
        console.say(f"{output}: goes on after {folder.count - len(missing)} of {count_of(folder.count, 'pair')}.")
    watch = console.watch(output.name)
    for number, pair in pairs_of_frames(read_frames(path), exposures, averaging, path.stem):
        if number in missing:
            folder.write(number, pair)
        watch((number + 1) / folder.count)
    between = f", {averaging.interpolate} samples from one to the next" * (averaging.interpolate > 1)
    rows, seconds = folder.finish(), time.monotonic() - began
    console.say(
        f"{output}: {count_of(len(rows), 'pair')} of {frames} frames, averaged as {averaging.average} values{between}; "
        f"{len(missing) / seconds:.1f} pairs a second."
    )
