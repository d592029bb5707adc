"""Which part of a model does the work: the same model with one part left out or replaced."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable

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


class Remembering(BlindEstimator):
    """An estimator that looks at each picture once, whoever asks, and counts the seconds that this saved.

    The model itself asks first, so its variants are told what it found, whatever they would tell the refiner.

    Args:
        estimator: the model's.
    """

    def __init__(self, estimator: BlindEstimator) -> None:
        super().__init__(estimator.kernel_size, estimator.refiner)
        self.saved = 0.0
        self._seen: dict[tuple[int, bytes], tuple[Found, float]] = {}
        self._counting = threading.Lock()

    def find(self, light: Tensor, tell: Tell | None = None) -> Found:
        """Look at a picture, or remember what was seen."""
        key = light.shape[-1], hashlib.sha256(light.numpy(force=True).tobytes()).digest()
        if key not in self._seen:
            started = time.monotonic()
            found = super().find(light, tell)
            found = found._replace(sureness=self._asked_once(found.sureness))
            self._seen[key] = found, time.monotonic() - started
            return found
        found, seconds = self._seen[key]
        self._save(seconds)
        return found

    def _asked_once(self, ask: Callable[[], float]) -> Callable[[], float]:
        """Have it remembered how sure a motion is, too, once anybody asked."""
        answers: list[tuple[float, float]] = []

        def remembered() -> float:
            if answers:
                self._save(answers[0][1])
            else:
                started = time.monotonic()
                answers.append((ask(), time.monotonic() - started))
            return answers[0][0]

        return remembered

    def _save(self, seconds: float) -> None:
        with self._counting:
            self.saved += seconds


def look_once(models: Iterable[PhotoDeblurrer]) -> list[Remembering]:
    """Have models that estimate motion from a photo itself, and their variants, look at each picture once.

    Returns:
        What remembers for each of them.
    """
    memories = []
    for model in models:
        whole = model.deblurrer
        if isinstance(whole, MotionDeblurrer) and isinstance(whole.network, BlindEstimator):
            whole.network = Remembering(whole.network)
            memories.append(whole.network)
    return memories
