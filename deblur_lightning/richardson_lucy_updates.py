"""The updates of Richardson-Lucy by name, apart from it: the help of a command knows them without torch."""

from typing import Literal

Method = Literal["basic", "saturated", "combined"]
