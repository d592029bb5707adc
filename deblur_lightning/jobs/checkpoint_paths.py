"""Where a model's file is: the one named, or the one that the package ships."""

from importlib import resources
from pathlib import Path

SHIPPED = "weights/adaptive_small.safetensors"


def find_checkpoint(named: Path | None = None) -> Path:
    """Give a checkpoint's path, known to exist, without loading it.

    Args:
        named: by the user; the model that the package ships if None.

    Raises:
        FileNotFoundError: no such file.
    """
    if named is None:
        shipped = Path(str(resources.files("deblur_lightning") / SHIPPED))
        if not shipped.is_file():
            raise FileNotFoundError(
                f"{shipped} does not exist: this copy ships no model. Pass --checkpoint, or train one: "
                "lightning fit --config experiments/sample/adaptive_basis.yaml."
            )
        return shipped
    if not named.is_file():
        raise FileNotFoundError(f"{named} is no file, but a checkpoint is needed. Check the path.")
    return named
