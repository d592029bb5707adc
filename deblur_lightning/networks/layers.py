"""What the networks' stages are built from."""

import math

from torch import nn

SLOPE = 0.01  # of LeakyReLU below zero


def convolution(inputs: int, outputs: int, groups: int, kernel_size: int = 3) -> nn.Sequential:
    """Convolve with padding 1, normalise in groups if there are any, bend."""
    norm = [nn.GroupNorm(groups, outputs)] if groups else []
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel_size, padding=1), *norm, nn.LeakyReLU(SLOPE, inplace=True))


def keep_variance(network: nn.Module) -> None:
    """Start all convolutions so that signals keep their size through many stages (He et al. 2015).

    torch's own start shrinks them by six in each: at the end of twenty, biases alone are left.
    """
    for layer in network.modules():
        if isinstance(layer, nn.ConvTranspose2d):  # 2 x 2, stride 2: each output sees one tap
            nn.init.normal_(layer.weight, std=math.sqrt(1 / layer.in_channels))
        elif isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, SLOPE)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
