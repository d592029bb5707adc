"""What a configuration may name: classes, not functions."""

import inspect
import pydoc
from collections.abc import Mapping

from jsonargparse import Namespace


def refuse_functions(config: object, place: str = "") -> None:
    """Raise where a ``class_path`` names a function, before it is called.

    LightningCLI's subclass mode admits subclasses of what an argument expects; but for arguments that build later
    (optimisers, schedules) it also takes any function without a return type, and calls it: ``os.system``, say.

    Args:
        config: a parsed configuration, whose paths have been imported already.
        place: of this part in the whole, for the message.

    Raises:
        ValueError: a path of something that is no class.
    """
    if isinstance(config, Namespace):
        config = vars(config)
    if isinstance(config, Mapping):
        path = config.get("class_path")
        if isinstance(path, str) and not inspect.isclass(pydoc.locate(path)):
            raise ValueError(
                f"{place} is {path}, which is no class, but a configuration builds objects and calls no functions. "
                "Name a class."
            )
        for key, part in config.items():
            refuse_functions(part, f"{place}.{key}" if place else str(key))
    elif isinstance(config, list | tuple):
        for number, part in enumerate(config):
            refuse_functions(part, f"{place}[{number}]")
