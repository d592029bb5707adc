"""Where sharp scenes come from: what every source of them offers."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deblur_lightning.data.frames import Frame

Split = Literal["train", "val", "test"]
Labels = NDArray[np.uint8]


class Scene(NamedTuple):
    """A sharp picture and which of its pixels move together.

    Attributes:
        photo: ``[S, S, 3]`` uint8, display values.
        labels: ``[S, S]`` uint8: 0 is the background, 1 and above are the objects.
    """

    photo: Frame
    labels: Labels


DrawScene = Callable[[np.random.Generator], Scene]
"""Draws one scene; all that is random in it comes from the generator."""


class SceneSource(ABC):
    """A kind of sharp scenes, one entry of ``sources`` in YAML.

    Attributes:
        weight: how often it is drawn from, relative to the other sources.
        name: what sample names begin with.
        softness: largest blur of focus that it gives its scenes, in pixels; 0 for none.
    """

    weight: float
    name: str
    softness: float = 0.0

    @abstractmethod
    def open(self, split: Split, size: int, max_objects: int) -> DrawScene:
        """Find and check all there is, before training begins.

        Args:
            split: pictures of one split appear in no other.
            size: side of the scenes, in pixels.
            max_objects: the largest label.

        Raises:
            ValueError: damaged or too small pictures.
            FileNotFoundError: nothing there.
        """
