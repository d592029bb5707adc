"""Uniform blur of a picture that is wider than the blurry one, with nothing assumed beyond it."""

import torch
from torch import Tensor

from deblur_lightning.physics.fast_length import fast_length


class ValidBlur:
    """Correlation with one kernel at all places where it fits, and its exact transpose, in the Fourier domain.

    What `BlurOperator` does for a field of one kernel with padding ``valid``, but faster: one transform of
    the whole picture, nothing mixed. It also correlates pictures with each other.

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

    def lags(self, fixed: Tensor, moved: Tensor, count: int, first: int = 0) -> Tensor:
        """Correlate two pictures, ``sum_i fixed_i moved_(i + lag)``, summed over channels.

        Args:
            fixed: ``[..., h, w]``, no larger than the sharp picture.
            moved: the same.
            count: lags in each direction.
            first: the first lag is minus this.

        Returns:
            ``[count, count]``; exact where no lag leads around the border of the transformed square.
        """
        product = self._transform(fixed).conj() * self._transform(moved)
        correlation = self._return(product.reshape(-1, *product.shape[-2:]).sum(0))
        return correlation.roll((first, first), (0, 1))[:count, :count]

    def _transform(self, picture: Tensor) -> Tensor:
        return torch.fft.rfft2(picture, s=self.transformed)

    def _return(self, spectrum: Tensor) -> Tensor:
        return torch.fft.irfft2(spectrum, s=self.transformed)
