"""One scoring, from what is asked for to the record for the results store."""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from deblur_lightning.commands._output_paths import check_folder_writable
from deblur_lightning.commands._photo_paths import drawn_beside_photos
from deblur_lightning.commands.score.figures import Measures, Scores, score_pictures
from deblur_lightning.commands.score.roads import Road, restore_shots
from deblur_lightning.data.pairs.shots import Shots, match_restored
from deblur_lightning.reports.results import Result, device_name, file_hash, source_commit


@dataclass(frozen=True)
class Job:
    """What is scored.

    Attributes:
        found: the sharp pictures.
        measures: what is measured.
        restored: a picture or folder that is there, or the way to restore.
        save: where results of a way are kept; None keeps none.
        method: the method's name in tables; None takes the folder's or the way's.
        dataset: the set's name in tables; None takes what was found.
    """

    found: Shots
    measures: Measures
    restored: Path | Road
    save: Path | None = None
    method: str | None = None
    dataset: str | None = None

    @property
    def channels(self) -> str:
        """Say what the figures are of."""
        return "luma (Y of BT.601)" if self.measures.luma else "RGB"


def run_job(job: Job, config: str, watch: Callable[[str], Callable[[float], None]]) -> tuple[Scores, Result]:
    """Restore where that is asked for, and score.

    Args:
        job: what.
        config: the command line, for the store.
        watch: starts a progress bar of a name.

    Returns:
        The scores, and the record of them, not stored yet.

    Raises:
        FileNotFoundError: a picture without its counterpart.
        ValueError: pictures that cannot be read or do not fit, nothing that can be restored, or a folder in use.
    """
    shots, given = job.found.shots, job.restored
    road = given if isinstance(given, Road) else None
    with ExitStack() as stack:
        if isinstance(given, Road):
            folder = _place(job.save) if job.save else Path(stack.enter_context(tempfile.TemporaryDirectory()))
            if alone := [shot for shot in shots if shot.blurry is None]:
                raise ValueError(f"{alone[0].sharp} has no blurry picture to restore. Pass BLURRY SHARP.")
            restored, restoring = restore_shots(given, shots, folder, watch("restoring"))
        else:
            restored, restoring = match_restored(given, shots, _drawn(given)), None
        started = time.monotonic()
        scores = score_pictures(shots, restored, job.measures, watch("scoring"))
        scoring = time.monotonic() - started
    weights = road.weights if road else None
    return scores, Result(
        method=job.method or (given.method if isinstance(given, Road) else _name(given)),
        dataset=(job.dataset or job.found.dataset) + ", luma" * job.measures.luma,
        blur=job.found.blur,
        metrics=scores.means,
        pictures=len(scores.rows) - scores.identical,
        seconds=round(scoring if restoring is None else restoring, 3),
        checkpoint=file_hash(weights) if weights else "",
        checkpoint_name=road.weights_name if road else "",
        config=config,
        commit=source_commit(),
        device=device_name(None if weights else "cpu"),
        restores=road is not None,
    )


def _place(save: Path) -> Path:
    if save.exists() and (not save.is_dir() or any(save.iterdir())):
        raise ValueError(f"--save is {save}, but that is there and not an empty folder. Choose another.")
    check_folder_writable(save)
    return save


def _drawn(restored: Path) -> set[Path]:
    """Find the drawings that `deblur restore --kernels` left beside its results."""
    if not restored.is_dir():
        return set()
    folders = [restored, *(path for path in restored.rglob("*") if path.is_dir())]
    return set[Path]().union(*(drawn_beside_photos(set(folder.iterdir())) for folder in folders))


def _name(restored: Path) -> str:
    """Name a method by its folder, or by its picture."""
    return restored.resolve().stem if restored.is_file() else restored.resolve().name
