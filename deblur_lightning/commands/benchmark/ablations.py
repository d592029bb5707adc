"""Which part of a model does the work: the same model with a part left out."""

import copy

import torch
from torch import Tensor, nn

from deblur_lightning.deblurring import (
    Agreed,
    BlindEstimator,
    Deblurrer,
    DirectDeblurrer,
    Fusion,
    HyperLaplacian,
    MotionDeblurrer,
    PhotoDeblurrer,
    RichardsonLucy,
    UnrolledRestorer,
)
from deblur_lightning.deblurring.agreed import unjudged
from deblur_lightning.field import KernelField

SEED = 1
LEARNED = (UnrolledRestorer, Fusion, Agreed)
"""Restorers that have learned when to trust a field."""


def ablations(name: str, model: PhotoDeblurrer) -> dict[str, PhotoDeblurrer]:
    """Give variants of a model with a part left out or a plainer one in its place, by their names in tables.

    Of a refinement: without it, and with an untrained network before it. Of a restorer that has learned when to trust
    the field: the classical ones on the same field; itself without the network that tells where to believe it; and the
    direct network that it begins with, alone.

    Args:
        name: of the model.
        model: as loaded; its estimator remembers the motion of pictures from now on, for its variants have the same.
    """
    whole = model.deblurrer
    if not isinstance(whole, MotionDeblurrer):
        return {}
    variants: dict[str, Deblurrer] = {}
    if whole.refinement is not None:
        plain, untrained = copy.deepcopy(whole), copy.deepcopy(whole)
        plain.refinement = None
        torch.manual_seed(SEED)
        for part in untrained.network.modules():
            _start_anew(part)
        variants |= {"no refinement": plain, "untrained network": untrained}
    if isinstance(whole.restorer, LEARNED):
        if isinstance(whole.network, BlindEstimator):
            whole.network = Remembering(whole.network.kernel_size)
        for title, restorer in (("Richardson-Lucy", RichardsonLucy()), ("hyper-Laplacian", HyperLaplacian())):
            variants[title] = MotionDeblurrer(whole.network, restorer, whole.refinement, whole.guard, whole.exposure)
        trusting = unjudged(whole.restorer)
        if trusting is not whole.restorer:
            believing = MotionDeblurrer(whole.network, trusting, whole.refinement, None, whole.exposure)
            variants["field believed"] = believing
        for part in whole.restorer.modules():
            if isinstance(part, UnrolledRestorer | Agreed) and part.direct is not None:
                variants["direct network"] = DirectDeblurrer(part.direct, signed=False)
    return {f"{name}: {title}": PhotoDeblurrer(variant, model.name) for title, variant in variants.items()}


class Remembering(BlindEstimator):
    """An estimator that looks at each picture once, whoever asks.

    Args:
        kernel_size: see `BlindEstimator`.
    """

    def __init__(self, kernel_size: int) -> None:
        super().__init__(kernel_size)
        self._seen: dict[bytes, KernelField] = {}

    def forward(self, light: Tensor) -> KernelField:
        """Look at a picture, or remember what was seen."""
        key = light.numpy(force=True).tobytes()
        if key not in self._seen:
            self._seen[key] = super().forward(light)
        return self._seen[key]


def _start_anew(part: nn.Module) -> None:
    """Draw a layer's weights as it draws them itself."""
    reset = getattr(part, "reset_parameters", None)
    if callable(reset):
        reset()
