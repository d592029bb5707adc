"""Plain nn.Modules: the networks of both papers, further ones, and VGG-19 that one of them is judged by."""

from deblur_lightning.networks.adaptive_basis import AdaptiveBasisNetwork
from deblur_lightning.networks.compact import CompactBasisNetwork
from deblur_lightning.networks.deblurgan import DeblurGANGenerator, PatchCritic
from deblur_lightning.networks.kernel_refiner import KernelRefiner
from deblur_lightning.networks.nafnet import FoldedNAFNet, NAFNet
from deblur_lightning.networks.seeing import SeeingNAFNet
from deblur_lightning.networks.vgg import VGGFeatures

__all__ = [
    "AdaptiveBasisNetwork",
    "CompactBasisNetwork",
    "DeblurGANGenerator",
    "FoldedNAFNet",
    "KernelRefiner",
    "NAFNet",
    "PatchCritic",
    "SeeingNAFNet",
    "VGGFeatures",
]
