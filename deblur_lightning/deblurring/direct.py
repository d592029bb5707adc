"""DirectDeblurrer: one network from blurry to sharp, without a motion field."""

import torch
from torch import Tensor, nn

from deblur_lightning.deblurring.deblurrer import Deblurred, Deblurrer
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.image import check_image, in_channels
from deblur_lightning.networks import DeblurGANGenerator, SeeingNAFNet
from deblur_lightning.networks.turns import looks_afforded, mean_of_looks


class DirectDeblurrer(Deblurrer):
    """Map blurry to sharp directly, as DeblurGAN does (Kupyn et al. 2018).

    Args:
        generator: maps ``[N, 3, H, W]`` to the same shape; the published generator if None.
        signed: whether its pictures lie in [-1, 1], as DeblurGAN's; otherwise in [0, 1].
        whole_pixels: up to how many pixels a photo is restored at once. Normalisation sees the whole picture, and
            channel attention much of it; at DeblurGAN's published width this takes 935 bytes a pixel, 4 GB for the
            default.
        turned: whether the picture is the mean of several looks of the network, at the photo and at it turned, as many
            as its size affords (`looks_afforded`): 4 up to 512 x 512 pixels, 2 up to twice as many, one beyond.
    """

    def __init__(
        self,
        generator: nn.Module | None = None,
        signed: bool = True,
        whole_pixels: int = 2048**2,
        turned: bool = False,
    ) -> None:
        super().__init__()
        self.generator = DeblurGANGenerator() if generator is None else generator
        self.signed, self.whole_pixels, self.turned = signed, whole_pixels, turned
        self.sees_motion = isinstance(self.generator, SeeingNAFNet)

    @property
    def method(self) -> str:
        """The network's name; of the bundled one, the name that it is asked for by."""
        kind = type(self.generator).__name__
        return {"DeblurGANGenerator": "DeblurGAN", "SeeingNAFNet": "Direct"}.get(kind, kind)

    def forward(self, blurry: Tensor, exposure: Exposure | None = None) -> Deblurred:
        """Restore pictures; how they came to be blurred is for the network to see."""
        check_image(blurry, "blurry")
        looks = looks_afforded(blurry.shape[-2:]) if self.turned else 1
        return Deblurred(mean_of_looks(self.generate, blurry, looks).clamp(0, 1))

    @torch.no_grad()
    def field(self, blurry: Tensor, exposure: Exposure | None = None) -> KernelField:
        """Give what a `SeeingNAFNet` tells of each place's motion beside restoring: nothing is undone by it.

        Raises:
            ValueError: no pictures in [0, 1], or another network, which tells no motion.
        """
        if not isinstance(self.generator, SeeingNAFNet):
            return super().field(blurry, exposure)
        check_image(blurry, "blurry")
        return self.generator.field(self._shown(blurry))

    def generate(self, blurry: Tensor) -> Tensor:
        """Let the network restore pictures ``[N, 3 or 1, H, W]`` in [0, 1], at one look; answers may stray beyond.

        Raises:
            ValueError: what the network refuses.
        """
        shown = self._shown(blurry)
        restored = self._checked(self.generator(shown), shown).float()
        if self.signed:
            restored = (restored + 1) / 2
        return in_channels(restored, blurry.shape[1])

    def _shown(self, blurry: Tensor) -> Tensor:
        """Give pictures ``[N, 3 or 1, H, W]`` the channels, the range and the precision that the network sees."""
        weights = next(self.generator.parameters(), None)
        colour = (blurry if weights is None else blurry.to(weights.dtype)).expand(-1, 3, -1, -1)
        return 2 * colour - 1 if self.signed else colour

    def _checked(self, answer: object, colour: Tensor) -> Tensor:
        """Refuse what is no picture for each picture, as networks of several scales give."""
        name = type(self.generator).__name__
        if not isinstance(answer, Tensor):
            raise ValueError(
                f"{name} gives a {type(answer).__name__}, but a tensor [N, 3, H, W] is needed. Name a class whose "
                "forward returns the restored pictures alone."
            )
        if answer.shape != colour.shape:
            raise ValueError(
                f"{name} makes {list(answer.shape)} of {list(colour.shape)}, but restored pictures have the blurry "
                "ones' size. Name a class whose forward pads and cuts them."
            )
        return answer
