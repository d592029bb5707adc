"""Uniform blur of a picture that is wider than the blurry one, with nothing assumed beyond it."""

import torch
from torch import Tensor

from deblur_lightning.physics.fast_length import fast_length


class ValidBlur:
    """Correlation with one kernel at all places where it fits, and its exact transpose, in the Fourier domain.

    What `BlurOperator` does for a field of one kernel with padding ``valid``, but faster: one transform of
    the whole picture, nothing mixed.

    Args:
        kernel: ``[K, K]``.
        shape: H, W of the blurry picture; the sharp one has K - 1 more of both.
    """

    def __init__(self, kernel: Tensor, shape: torch.Size) -> None:
        self.height, self.width = shape
        self.margin = kernel.shape[-1] - 1
        self.transformed = [fast_length(side + self.margin) for side in shape]
        self.transfer = self._transform(kernel).conj()

    def blur(self, sharp: Tensor) -> Tensor:
        """Blur ``[..., H + K - 1, W + K - 1]`` to ``[..., H, W]``."""
        return self._return(self._transform(sharp) * self.transfer)[..., : self.height, : self.width]

    def adjoint(self, blurry: Tensor) -> Tensor:
        """Apply the transpose, ``[..., H, W]`` to ``[..., H + K - 1, W + K - 1]``."""
        spread = self._return(self._transform(blurry) * self.transfer.conj())
        return spread[..., : self.height + self.margin, : self.width + self.margin]

    def _transform(self, picture: Tensor) -> Tensor:
        return torch.fft.rfft2(picture, s=self.transformed)

    def _return(self, spectrum: Tensor) -> Tensor:
        return torch.fft.irfft2(spectrum, s=self.transformed)
