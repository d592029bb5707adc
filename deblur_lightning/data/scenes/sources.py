"""Where sharp scenes come from: what every source of them offers."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
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
    """

    weight: float
    name: str

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


class MixedScenes(NamedTuple):
    """Scenes of several sources, opened for a split.

    Attributes:
        sources: one function per source; see `SceneSource.open`.
        probabilities: how often each is drawn from; sum 1.
        names: what the samples of each are called.
    """

    sources: Sequence[DrawScene]
    probabilities: Sequence[float]
    names: Sequence[str]

    def draw(self, generator: np.random.Generator) -> tuple[Scene, str]:
        """Draw a scene, and tell what its sample is called."""
        source = int(generator.choice(len(self.sources), p=self.probabilities))
        return self.sources[source](generator), self.names[source]


def shares(what: str, weights: Sequence[float]) -> list[float]:
    """Turn the weights of what is named into probabilities.

    Raises:
        ValueError: no weight, a negative one, or none above 0.
    """
    if not weights or not all(0 <= weight < math.inf for weight in weights):
        raise ValueError(f"{what} have a negative weight or are none. Pass at least one, with weights above 0.")
    if not any(weights):
        raise ValueError(f"{what} all have weight 0, but one must be drawn from. Pass a weight above 0.")
    total = math.fsum(weights)
    return [weight / total for weight in weights]
