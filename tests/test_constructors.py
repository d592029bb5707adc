"""What varies together is an object of its own: no constructor of ours takes more than ten arguments."""

import importlib
import inspect
import pkgutil
from dataclasses import dataclass, is_dataclass
from typing import NamedTuple

import deblur_lightning

MOST = 10


def arguments(kind):
    """Count what a class's own constructor takes; None for records, whose fields it lists, and for classes without."""
    record = is_dataclass(kind) or issubclass(kind, tuple | dict)
    if record or not inspect.isfunction(init := vars(kind).get("__init__")):
        return None
    return len(inspect.signature(init).parameters) - 1


def constructors():
    """Yield every class of the package that writes its constructor itself, with its number of arguments."""
    for found in pkgutil.walk_packages(deblur_lightning.__path__, "deblur_lightning."):
        if not found.name.endswith(".__main__"):
            module = importlib.import_module(found.name)
            for kind in vars(module).values():
                if inspect.isclass(kind) and kind.__module__ == found.name and (count := arguments(kind)) is not None:
                    yield f"{found.name}.{kind.__qualname__}", count


def test_no_constructor_takes_more_than_ten_arguments():
    found = dict(constructors())
    assert len(found) > 80
    assert {name: count for name, count in found.items() if count > MOST} == {}


def test_arguments_are_counted_without_self_and_records_are_not_counted():
    class Own:
        def __init__(self, a, b=1, *, c=2):
            pass

    class Inherits(Own):
        pass

    @dataclass
    class Record:
        a: int

    class Row(NamedTuple):
        a: int

    assert [arguments(kind) for kind in (Own, Inherits, Record, Row, Exception)] == [3, None, None, None, None]
