"""The adaptive basis network as published (Carbajal et al. 2021, arXiv 2102.01026, section 4)."""

from torch import Tensor

from deblur_lightning.field import KernelField
from deblur_lightning.networks.layers import convolution
from deblur_lightning.networks.two_heads import TwoHeads, check_light


class AdaptiveBasisNetwork(TwoHeads):
    """Estimate the motion field of a blurry photo.

    The defaults are the published network, 79.8 M parameters.

    Args:
        num_basis: number B of basis kernels.
        kernel_size: side K of the kernels, in pixels: 9, 17, 33 or 65 (published: 33 and 65).
        width: channels of the first stage, which the deeper ones double.

    Raises:
        ValueError: a kernel size or width that the decoders cannot reach, or no kernel.
    """

    def __init__(self, num_basis: int = 25, kernel_size: int = 33, width: int = 64) -> None:
        super().__init__(num_basis, kernel_size, width)
        self.stem_rgb = convolution(3, width, 0)
        self.stem_gray = convolution(1, width, 0)

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
        features, skips = self.encode((self.stem_gray if light.shape[1] == 1 else self.stem_rgb)(light))
        return KernelField(self.draw(features, skips), self.mix(features, skips).softmax(dim=1))
