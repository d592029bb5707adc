"""Ways to restored pictures: anyone's program, a baseline, a model of ours. Each writes files, which are scored."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from deblur_lightning.data.frames import is_frame
from deblur_lightning.data.pairs.shots import Shot
from deblur_lightning.sentences import count_of

if TYPE_CHECKING:
    from torch import Tensor

Progress = Callable[[float], None]

SINGLE, FOLDERS = ("{in}", "{out}"), ("{in_folder}", "{out_folder}")
SAID = 300  # characters of a program's last words in a message


@dataclass(frozen=True)
class Road:
    """A way to restored pictures.

    Attributes:
        method: its name in tables, where the user gives none.
        restore: takes pictures by name, all in one folder, an empty folder for ``NAME.png``, and what to tell progress.
        weights: the file that it restores with, if any.
        weights_name: as the user named it; a bundled model by its name.
        foreign: whether a program restores that may write to the pictures it is given: it gets copies.
    """

    method: str
    restore: Callable[[Mapping[str, Path], Path, Progress], None]
    weights: Path | None = None
    weights_name: str = ""
    foreign: bool = False


def find_road(command: str | None = None, baseline: str | None = None, checkpoint: Path | None = None) -> Road | None:
    """Take the way that the user names; None where pictures are restored already.

    Raises:
        FileNotFoundError: no such program or checkpoint.
        ValueError: two ways, or a command line that does not say where pictures are.
    """
    named = {"--command": command, "--baseline": baseline, "--checkpoint": checkpoint}
    given = [name for name, value in named.items() if value is not None]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} are given, but pictures are restored in one way. Choose one.")
    if command is not None:
        words = read_command(command)
        script = next((word for word in words if word.endswith(".py")), words[0])
        return Road(Path(script).stem, partial(run_program, words), foreign=True)
    if baseline is not None:
        from deblur_lightning.commands._baselines import BASELINES

        method, name = BASELINES[baseline]
        return Road(name, partial(restore_each, lambda: method))
    if checkpoint is not None:
        from deblur_lightning.deblurring import find_checkpoint

        path = find_checkpoint(checkpoint)
        return Road(path.stem, partial(restore_each, partial(_model, path)), path, str(checkpoint))
    return None


def restore_shots(road: Road, shots: Sequence[Shot], folder: Path, progress: Progress) -> tuple[dict[str, Path], float]:
    """Restore the blurry picture of each shot.

    Args:
        road: how.
        shots: all with a blurry picture.
        folder: for the results, ``NAME.png``; nothing is left there if anything fails.
        progress: told the share that is done.

    Returns:
        Files by the shots' names, and the seconds that restoring took.

    Raises:
        ValueError: what the way raises, or a picture that it did not write.
    """
    flat = flat_names([shot.name for shot in shots])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as place:
        source, target = Path(place, "blurry"), Path(place, "restored")
        source.mkdir()
        target.mkdir()
        inputs = {flat[shot.name]: _laid_out(shot, source / flat[shot.name], road.foreign) for shot in shots}
        started = time.monotonic()
        road.restore(inputs, target, progress)
        seconds = time.monotonic() - started
        written = {path.stem: path for path in sorted(target.rglob("*")) if is_frame(path)}
        if missing := [name for name in inputs if name not in written]:
            raise ValueError(
                f"{road.method} wrote no picture of {inputs[missing[0]].name} ({len(missing)} such of {len(inputs)}). "
                "Let it name results as the pictures it is given."
            )
        results = {}
        for shot in shots:
            file = written[flat[shot.name]]
            results[shot.name] = folder / f"{shot.name}{file.suffix}"
            results[shot.name].parent.mkdir(parents=True, exist_ok=True)
            file.replace(results[shot.name])
    return results, seconds


def flat_names(names: Sequence[str]) -> dict[str, str]:
    """Give names that hold no slash, numbered where two would be the same."""
    flat = [name.replace("/", "__") for name in names]
    if len(set(flat)) < len(flat):
        flat = [f"{number:06}__{name}" for number, name in enumerate(flat)]
    return dict(zip(names, flat, strict=True))


def _laid_out(shot: Shot, place: Path, copied: bool) -> Path:
    """Lay a shot's blurry picture where it is looked for, without a copy if that is safe and the system lets us."""
    assert shot.blurry is not None  # noqa: S101 - for the type checker: the caller has seen to it
    if shot.sharp_half is not None:
        from deblur_lightning.commands.score.figures import other_half, read_half
        from deblur_lightning.photos import write_photo

        write_photo(file := place.with_name(f"{place.name}.png"), read_half(shot.blurry, other_half(shot.sharp_half)))
        return file
    file = place.with_name(place.name + shot.blurry.suffix)
    if copied or not _linked(file, shot.blurry):
        shutil.copyfile(shot.blurry, file)
    return file


def _linked(file: Path, original: Path) -> bool:
    """Link to a file, unless the system does not let us: Windows asks for a privilege."""
    try:
        file.symlink_to(original.resolve())
    except OSError:
        return False
    return True


def _model(path: Path) -> Callable[[Tensor], Tensor]:
    from deblur_lightning.deblurring import load_deblurrer

    model = load_deblurrer(path)
    return lambda blurry: model(blurry, with_field=False).picture


def read_command(command: str) -> list[str]:
    """Split a command line into words, and see that it says where pictures come from and go to.

    Args:
        command: with ``{in}`` and ``{out}``, which become a picture's file and its result's, or with ``{in_folder}``
            and ``{out_folder}``.

    Raises:
        ValueError: placeholders are missing or mixed, or quotes do not close.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"--command is {command}, but its quotes do not close. Close them.") from error
    present = {name for name in (*SINGLE, *FOLDERS) if any(name in word for word in words)}
    if present not in (set(SINGLE), set(FOLDERS)):
        raise ValueError(
            f"--command is {command}, but it must say where pictures come from and go to. Write {{in}} and {{out}} for "
            "a picture, or {in_folder} and {out_folder} for all of them."
        )
    if shutil.which(words[0]) is None:
        raise FileNotFoundError(f"--command is {command}, but there is no program {words[0]}. Check its name.")
    return words


def run_program(words: Sequence[str], inputs: Mapping[str, Path], output: Path, progress: Progress) -> None:
    """Let a program restore pictures: once for each, or once for their folder.

    Args:
        words: of `read_command`.
        inputs: pictures in one folder by name; each name is the file's without its suffix.
        output: an empty folder for the results ``NAME.png``.
        progress: told the share that is done.

    Raises:
        ValueError: the program fails; its last words are quoted.
    """
    if not any(SINGLE[0] in word for word in words):
        folder = next(iter(inputs.values())).parent
        _call(words, {FOLDERS[0]: folder, FOLDERS[1]: output}, count_of(len(inputs), "picture"))
        return
    for number, (name, picture) in enumerate(inputs.items(), start=1):
        target = output / f"{name}.png"
        _call(words, {SINGLE[0]: picture, SINGLE[1]: target}, name)
        if not target.is_file():
            raise ValueError(
                f"{words[0]} ended well, but wrote no picture of {name}. Let it write the PNG that {{out}} stands for."
            )
        progress(number / len(inputs))


def restore_each(
    load: Callable[[], Callable[[Tensor], Tensor]], inputs: Mapping[str, Path], output: Path, progress: Progress
) -> None:
    """Let a function restore pictures, and write them as 8-bit PNG.

    Args:
        load: gives the function, which maps ``[1, 3 or 1, H, W]`` in [0, 1] to the same.
        inputs: pictures by name.
        output: folder for the results ``NAME.png``.
        progress: told the share that is done.

    Raises:
        ValueError: a picture that cannot be read or restored; the message names it.
    """
    from deblur_lightning.photos import read_photo, write_photo

    method = load()
    for number, (name, picture) in enumerate(inputs.items(), start=1):
        blurry, _ = read_photo(picture)
        try:
            restored = method(blurry)
        except ValueError as error:
            raise ValueError(f"{picture}: {error}") from error
        write_photo(output / f"{name}.png", restored)
        progress(number / len(inputs))


def _call(words: Sequence[str], places: Mapping[str, Path], what: str) -> None:
    filled = list(words)
    for name, path in places.items():
        filled = [word.replace(name, str(path)) for word in filled]
    done = subprocess.run(filled, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 - the user's own
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1][:SAID]
        raise ValueError(f"{words[0]} failed on {what} with exit status {done.returncode}, saying: {said}")
