"""What `deblur restore-video` takes and prints."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deblur_lightning.commands._options import MODELS
from deblur_lightning.sentences import count_of

if TYPE_CHECKING:
    from deblur_lightning.data.frames import Frame
    from deblur_lightning.deblurring import PhotoDeblurrer


def restore_video(
    clip: Annotated[Path, typer.Argument(metavar="VIDEO", help="The video.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="OUT", help="A .mp4, .mov, .mkv or .webm file, or a folder for it."),
    ],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a result that exists.")] = False,
    checkpoint: Annotated[
        Path,
        typer.Option(metavar="FILE", help=f"The model: {MODELS}."),
    ] = Path("direct"),
    strength: Annotated[
        float, typer.Option(min=0, max=1, metavar="S", help="0 leaves frames as they are, 1 restores them fully.")
    ] = 1.0,
) -> None:
    """Undo camera shake and motion in a video.

    Each frame is restored separately and keeps its time; sound, chapters and tags are copied unchanged. Frames are
    written upright, at their size, as H.264 (VP9 in .webm), in 8 bits. What cannot be kept, such as subtitles, is
    reported.

    The default model is `direct`: two or three seconds a frame of 1280 x 720. `blind` and `learned` take far longer,
    and estimate the motion anew in each frame, so neighbouring frames may come out differently.
    """
    from deblur_lightning.commands._output_paths import check_file, check_folder_writable
    from deblur_lightning.commands._progress import Console
    from deblur_lightning.commands.restore_video.clips import measure_clip, result_path
    from deblur_lightning.commands.restore_video.rewriting import rewrite
    from deblur_lightning.deblurring import find_checkpoint

    began, path = time.monotonic(), find_checkpoint(checkpoint)
    target = result_path(clip, output)
    check_file(target, overwrite=overwrite)
    check_folder_writable(target.parent)
    known = measure_clip(clip, target)
    with Console() as console:
        from deblur_lightning.deblurring import DirectDeblurrer, load_deblurrer

        model = load_deblurrer(path, strength=strength)
        if isinstance(model.deblurrer, DirectDeblurrer):
            model.deblurrer.turned = False  # of so many frames one look each is enough
        console.say(f"model: {model.name}")
        notes: Counter[str] = Counter()
        rewrite(clip, target, known, lambda frame: _restored(model, frame, notes), console.watch(clip.name))
        said = "".join(f"; {note} ({count} of its frames)" for note, count in notes.items())
        seconds = time.monotonic() - began
        console.say(
            f"{clip} -> {target}: {count_of(known.frames, 'frame')} of {known.width} x {known.height}, "
            f"{seconds:.1f} s, {seconds / known.frames:.2f} s a frame"
            f"{''.join(f'; {note}' for note in known.notes)}{said}"
        )


def _restored(model: PhotoDeblurrer, frame: Frame, notes: Counter[str]) -> Frame:
    """Restore a frame; count what is to be said of it."""
    import numpy as np
    import torch

    from deblur_lightning.deblurring.motion import BY_MOTION
    from deblur_lightning.image import pixels_of

    blurry = torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255
    answer = model(blurry, with_field=False)
    notes.update(note for note in answer.notes if BY_MOTION not in note)
    return np.ascontiguousarray(pixels_of(answer.picture[0]))
