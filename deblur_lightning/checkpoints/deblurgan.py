"""DeblurGAN's generator as Kupyn et al. publish it: both topologies of its residual blocks, names and sizes.

The released file has two convolutions a block, at places 1 and 6, or 1 and 5 without dropout between; the authors'
later code builds one, at place 1, and so rejects the released file.
"""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

MARKS = ("model.1.weight", "model.10.conv_block.1.weight")
"""Names that tell these files from others."""

CRITIC_MARKS = ("model.0.weight", "model.2.weight", "model.5.weight")
"""Names that tell a critic's."""

BLOCK_CONVOLUTION = re.compile(r"model\.(\d+)\.conv_block\.(\d+)\.weight")


def arguments(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Read those arguments of `DeblurGANGenerator` off the tensors that are sizes."""
    blocks, convolutions = _blocks(weights)
    return {"width": weights["model.1.weight"].shape[0], "blocks": blocks, "convolutions": convolutions}


def our_names(weights: Mapping[str, Tensor]) -> dict[str, str]:
    """Map the authors' name of each weight to ours, which are those of the released file."""
    blocks, convolutions = _blocks(weights)
    layers = {f"model.{place}": f"model.{place}" for place in (1, 4, 7, 10 + blocks, 13 + blocks, 17 + blocks)}
    second = 5 if any(name.endswith(".conv_block.5.weight") for name in weights) else 6
    for block in range(10, 10 + blocks):
        layers[f"model.{block}.conv_block.1"] = f"model.{block}.conv_block.1"
        if convolutions == 2:
            layers[f"model.{block}.conv_block.{second}"] = f"model.{block}.conv_block.6"
    return {f"{theirs}.{kind}": f"{ours}.{kind}" for theirs, ours in layers.items() for kind in ("weight", "bias")}


def _blocks(weights: Mapping[str, Tensor]) -> tuple[int, int]:
    """Count the residual blocks, and the convolutions of each."""
    found = [match.groups() for match in map(BLOCK_CONVOLUTION.fullmatch, weights) if match]
    return len({block for block, _ in found}), 2 if {"5", "6"} & {place for _, place in found} else 1
