"""Which part of a model does the work: the same model with one part left out or replaced."""

import hashlib
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import TypeVar, cast

from torch import Tensor

from deblur_lightning.deblurring import (
    Agreed,
    BlindEstimator,
    Deblurrer,
    DirectDeblurrer,
    HyperLaplacian,
    MotionDeblurrer,
    PhotoDeblurrer,
    RichardsonLucy,
    UnrolledRestorer,
)
from deblur_lightning.deblurring.agreed import unjudged
from deblur_lightning.estimation import Found, Tell
from deblur_lightning.field import KernelField

Answer = TypeVar("Answer")

LEARNED = (UnrolledRestorer, Agreed)
"""Restorers that have learned when to trust a field."""


def ablations(name: str, model: PhotoDeblurrer) -> dict[str, PhotoDeblurrer]:
    """Give variants of a model with one part left out, or a simpler one in its place, by their names in tables.

    A model whose restorer has learned when to trust the field has up to four: the classical restorers on the same
    field, the restorer trusting the field everywhere, and its direct network alone.

    Args:
        name: the model's.
        model: as loaded; its variants share its parts.
    """
    whole = model.deblurrer
    if not isinstance(whole, MotionDeblurrer):
        return {}
    variants: dict[str, Deblurrer] = {}
    if isinstance(whole.restorer, LEARNED):
        for title, restorer in (("Richardson-Lucy", RichardsonLucy()), ("hyper-Laplacian", HyperLaplacian())):
            variants[f"{title} on its field"] = MotionDeblurrer(whole.network, restorer, whole.exposure)
        trusting = unjudged(whole.restorer)
        if trusting is not whole.restorer:
            variants["field trusted everywhere"] = MotionDeblurrer(whole.network, trusting, whole.exposure)
        for part in whole.restorer.modules():
            if isinstance(part, UnrolledRestorer | Agreed) and part.direct is not None:
                turned = isinstance(whole.restorer, Agreed) and whole.restorer.turned
                variants["direct network alone"] = DirectDeblurrer(part.direct, signed=False, turned=turned)
    return {f"{name}: {title}": PhotoDeblurrer(variant, model.name) for title, variant in variants.items()}


class Memory:
    """What was worked out once, and how many seconds it saved to remember it.

    Attributes:
        saved: seconds.
    """

    def __init__(self) -> None:
        self.saved = 0.0
        self._known: dict[Hashable, tuple[object, float]] = {}
        self._counting = threading.Lock()

    def ask(self, key: Hashable, work: Callable[[], Answer]) -> Answer:
        """Work something out, or remember it."""
        if key not in self._known:
            started = time.monotonic()
            answer = work()
            self._known[key] = answer, time.monotonic() - started
            return answer
        known, seconds = self._known[key]
        with self._counting:
            self.saved += seconds
        return cast(Answer, known)


class Remembering(BlindEstimator):
    """An estimator that looks at each picture once, and whose refiner improves what was found there once.

    The model itself asks first, so its variants are told what it found, whatever they would tell the refiner.

    Args:
        estimator: the model's.
        memory: of all models: what they find before they refine it is the same.
    """

    def __init__(self, estimator: BlindEstimator, memory: Memory) -> None:
        super().__init__(estimator.kernel_size, estimator.refiner)
        self._memory = memory

    def look(self, light: Tensor) -> Found:
        """Look at a picture, or remember what was seen."""
        key = self.kernel_size, *_named(light)
        found = self._memory.ask(key, partial(super().look, light))
        return found._replace(sureness=partial(self._memory.ask, ("sureness", *key), found.sureness))

    def refined(self, light: Tensor, found: Found, tell: Tell | None) -> KernelField:
        """Refine what was found, or remember what came of it."""
        return self._memory.ask((id(self), *_named(light)), partial(super().refined, light, found, tell))


def _named(light: Tensor) -> tuple[int, bytes]:
    return light.shape[-1], hashlib.sha256(light.numpy(force=True).tobytes()).digest()


def look_once(models: Iterable[PhotoDeblurrer]) -> Memory:
    """Have models that estimate motion from a photo itself, and their variants, look at each picture once.

    Returns:
        What remembers for all of them.
    """
    memory = Memory()
    for model in models:
        whole = model.deblurrer
        if isinstance(whole, MotionDeblurrer) and isinstance(whole.network, BlindEstimator):
            whole.network = Remembering(whole.network, memory)
    return memory
