"""NAFNet's weights as Chen et al. publish them, in BasicSR's files: names and sizes; our names are theirs."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

MARKS = ("intro.weight", "ending.weight", "middle_blks.0.beta")
"""Names that tell these files from others."""

CONVOLUTIONS = ("conv1", "conv2", "conv3", "conv4", "conv5", "sca.1", "norm1", "norm2")
BLOCK = re.compile(r"(encoders|decoders)\.(\d+)\.(\d+)\.beta")
MIDDLE = re.compile(r"middle_blks\.(\d+)\.beta")


def arguments(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Read the arguments of `NAFNet` off the tensors: all of them are sizes."""
    width, channels = weights["intro.weight"].shape[:2]
    found = [match.groups() for match in map(BLOCK.fullmatch, weights) if match]
    stages = range(1 + max(int(stage) for _, stage, _ in found))
    encoder, decoder = (
        [sum(f[:2] == (side, str(n)) for f in found) for n in stages] for side in ("encoders", "decoders")
    )
    return {
        "channels": channels,
        "width": width,
        "middle_blocks": sum(MIDDLE.fullmatch(name) is not None for name in weights),
        "encoder_blocks": encoder,
        "decoder_blocks": decoder,
    }


def our_names(weights: Mapping[str, Tensor]) -> dict[str, str]:
    """List the names that a file must hold; each is ours as well."""
    sizes = arguments(weights)
    blocks = [f"middle_blks.{block}" for block in range(sizes["middle_blocks"])]
    names = [f"{layer}.{kind}" for layer in ("intro", "ending") for kind in ("weight", "bias")]
    for side in ("encoder", "decoder"):
        for stage, count in enumerate(sizes[f"{side}_blocks"]):
            blocks += [f"{side}s.{stage}.{block}" for block in range(count)]
    for stage in range(len(sizes["encoder_blocks"])):
        names += [f"downs.{stage}.weight", f"downs.{stage}.bias", f"ups.{stage}.0.weight"]
    for block in blocks:
        names += [f"{block}.{layer}.{kind}" for layer in CONVOLUTIONS for kind in ("weight", "bias")]
        names += [f"{block}.beta", f"{block}.gamma"]
    return {name: name for name in names}
