"""Extrapolation between the steps of a fixed-point iteration, kept from running away.

Biggs and Andrews 1997, "Acceleration of iterative image restoration algorithms", Applied Optics 36.
"""

import torch
from torch import Tensor

FASTEST = 0.98  # a longer stride than the last would diverge
LEAST_LEFT = 0.1  # a prediction keeps this share of each pixel's light, or a multiplicative update could not return


class Momentum:
    """Predicts where the iteration goes from where it came."""

    def __init__(self) -> None:
        self.pace = 0.0
        self._travelled: Tensor | None = None  # from one result to the next
        self._step: Tensor | None = None  # what the last update did to its prediction

    @property
    def rolling(self) -> bool:
        """Whether the next prediction departs from the last result."""
        return self.pace > 0

    def stop(self) -> None:
        """Forget the way so far."""
        self.pace, self._travelled, self._step = 0.0, None, None

    def predict(self, result: Tensor) -> Tensor:
        """Go on from the last result in its direction."""
        if self._travelled is None or not self.rolling:
            return result
        return torch.add(result, self._travelled, alpha=self.pace).maximum(LEAST_LEFT * result)

    def learn(self, predicted: Tensor, before: Tensor, result: Tensor) -> None:
        """Set the pace by how well the last two steps of the update agree."""
        step = result - predicted
        if self._step is not None:
            agreement = (step * self._step).sum() / self._step.square().sum().clamp(min=1e-30)
            self.pace = min(max(agreement.item(), 0.0), FASTEST)
        self._step, self._travelled = step, result - before
