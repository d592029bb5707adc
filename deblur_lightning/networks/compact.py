"""A compact field network for trainings of minutes to hours: ours, in the shape of the adaptive basis network."""

import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.field import KernelField
from deblur_lightning.networks.correlations import CorrelationEncoder
from deblur_lightning.networks.layers import convolution, keep_variance
from deblur_lightning.networks.two_heads import SMALLEST_SIDE, TwoHeads, check_light

GROUPS = 8  # of the encoder's normalisation
DARKEST = 0.02  # of light: keeps night finite


class CompactBasisNetwork(TwoHeads):
    """Estimate the motion field of a blurry photo, with a fortieth of the published network's parameters.

    What it does otherwise: the encoder normalises by groups of channels, and its weights start so as to keep the
    signals' variance; it sees light relative to the picture's mean, so that a dim photo looks like a bright one; the
    kernel decoder is told the picture's edge correlations (`CorrelationEncoder`); squares of pixels enter as one; gray
    pictures enter as RGB.

    Args:
        num_basis: number B of basis kernels.
        kernel_size: side K of the kernels, in pixels: 9, 17, 33 or 65.
        width: channels of the first stage, which the deeper ones double.
        deepest: limit of the stages' channels, as a multiple of ``width``.
        fold: side of the squares of pixels that enter as channels of one; coefficients are interpolated back.

    Raises:
        ValueError: a kernel size or width that the decoders cannot reach, or no kernel, depth or fold.
    """

    def __init__(
        self, num_basis: int = 16, kernel_size: int = 33, width: int = 16, deepest: int = 8, fold: int = 2
    ) -> None:
        if fold < 1:
            raise ValueError(f"fold is {fold}, but it is a side in pixels. Pass at least 1.")
        super().__init__(num_basis, kernel_size, width, deepest, GROUPS)
        self.deepest, self.fold = deepest, fold
        self.stem_rgb = convolution(3 * fold**2, width, 0)
        stages = [width * min(multiple, deepest) for multiple in (1, 2, 4, 8, 16)]
        sizes = [width, *stages[::-1][: self.doublings][::-1], width * min(16, deepest)]
        self.correlation_encoder = CorrelationEncoder(kernel_size, sizes, GROUPS)
        keep_variance(self)

    def forward(self, light: Tensor) -> KernelField:
        """Estimate the field of pictures.

        Args:
            light: ``[N, 3, H, W]``, or ``[N, 1, H, W]`` for gray ones, linear light minus 0.5; H and W at least 32.

        Returns:
            The field, B basis kernels a picture and their coefficients at each of its pixels, float32.

        Raises:
            ValueError: another number of axes or channels, or a smaller picture.
        """
        check_light(light)
        light = light.expand(-1, 3, -1, -1)
        height, width = light.shape[-2:]
        hints = self.correlation_encoder(light)
        mean = light.mean(dim=(1, 2, 3), keepdim=True)
        light = (light - mean) / (mean + 0.5 + DARKEST)
        if self.fold > 1:
            light = F.pixel_unshuffle(_extended(light, self.fold), self.fold)
        features, skips = self.encode(self.stem_rgb(light))
        mixture = self.mix(features, skips)
        if self.fold > 1:
            mixture = F.interpolate(mixture, scale_factor=float(self.fold), mode="bilinear")
        return KernelField(self.draw(features, skips, hints), mixture[..., :height, :width].softmax(dim=1))


def _extended(light: Tensor, fold: int) -> Tensor:
    """Repeat the last row and column until squares fold and five halvings leave a pixel."""
    rows, columns = (max(-side % fold, fold * SMALLEST_SIDE - side) for side in light.shape[-2:])
    return F.pad(light, (0, columns, 0, rows), mode="replicate")
