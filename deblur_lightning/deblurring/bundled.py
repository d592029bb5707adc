"""Where a model's file is: the one named, or the bundled one."""

from collections.abc import Collection, Sequence
from importlib import resources
from pathlib import Path
from typing import Literal

SHIPPED = "weights/blind.safetensors"

BUNDLED = {"blind": SHIPPED, "learned": "weights/learned.safetensors", "direct": "weights/direct.safetensors"}
"""The models that the package ships, by the names they are asked for; the first where none is."""

RestorerName = Literal["richardson-lucy", "hyper-laplacian"]
"""The classical restorers, by the names they are asked for in place of a model's own."""


def find_checkpoint(named: Path | None = None) -> Path:
    """Give a checkpoint's path, known to exist, without loading it.

    Args:
        named: by the user: a file, or the name of a bundled model, in upper or lower case, whatever folder has that
            name too; the first if None.

    Raises:
        FileNotFoundError: no such file.
    """
    bundled = SHIPPED if named is None else BUNDLED.get(str(named).lower())
    if named is None or (bundled and not named.is_file()):
        shipped = Path(str(resources.files("deblur_lightning") / str(bundled)))
        if not shipped.is_file():
            raise FileNotFoundError(
                f"{shipped} does not exist: this copy ships no model. Pass --checkpoint, or train one: "
                "lightning fit --config experiments/sample/adaptive_basis.yaml."
            )
        return shipped
    if not named.is_file():
        names = " or ".join(BUNDLED)
        raise FileNotFoundError(f"{named} is no file, but a checkpoint is needed. Check the path, or pass {names}.")
    return named


def find_named_checkpoints(texts: Sequence[str], taken: Collection[str] = ()) -> list[tuple[str, Path]]:
    """Take checkpoints as people type them.

    Args:
        texts: ``NAME=PATH`` or ``PATH`` each; none at all asks for the bundled model.
        taken: names of what the models are shown beside, as of the blurry picture.

    Returns:
        Names, empty where none was given, and paths known to exist.

    Raises:
        FileNotFoundError: no such file.
        ValueError: two of one name, a taken one, or a name or file that is missing beside the other.
    """
    if not texts:
        return [("", find_checkpoint())]
    found = []
    for text in texts:
        name, equals, path = text.partition("=")
        named = bool(equals) and not Path(text).is_file()
        if named and not (name and path):
            raise ValueError(f"--checkpoint is {text}, but it is NAME=FILE or FILE. Add what is missing.")
        found.append((name if named else "", find_checkpoint(Path(path if named else text))))
    names = [name for name, _ in found if name]
    for name in names:
        if name in taken:
            raise ValueError(f"--checkpoint names a model {name}, but what it is shown beside is called so. Rename it.")
        if names.count(name) > 1:
            raise ValueError(f"{name} names {names.count(name)} checkpoints, but names tell them apart. Rename one.")
    return found
