"""The losses of both papers: tensors in, a scalar out."""

from deblur_lightning.losses.adversarial import critic_loss, generator_loss, gradient_penalty
from deblur_lightning.losses.cells import cell_divergence
from deblur_lightning.losses.content import Content, PerceptualContent, PixelContent
from deblur_lightning.losses.kernel import kernel_distance, kernel_loss, kernel_weights
from deblur_lightning.losses.perceptual import perceptual_loss
from deblur_lightning.losses.psnr import psnr_loss
from deblur_lightning.losses.reblur import reblur_loss
from deblur_lightning.losses.sampled import sampled_cross_entropy

__all__ = [
    "Content",
    "PerceptualContent",
    "PixelContent",
    "cell_divergence",
    "critic_loss",
    "generator_loss",
    "gradient_penalty",
    "kernel_distance",
    "kernel_loss",
    "kernel_weights",
    "perceptual_loss",
    "psnr_loss",
    "reblur_loss",
    "sampled_cross_entropy",
]
