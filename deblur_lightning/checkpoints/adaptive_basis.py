"""The two-headed U-Net's weights as Carbajal et al. publish them (also those of their J-MKPD): names and sizes."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

MARKS = ("inc_rgb.0.weight", "masks_end.4.weight", "kernels_end.4.weight")
"""Names that tell these files from others."""


def arguments(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Read those arguments of `AdaptiveBasisNetwork` off the tensors that are sizes.

    The kernel decoder doubles one pixel as often as it has stages, and its head adds one.
    """
    stages = sum(name.startswith("kernel_up") and name.endswith(".up.weight") for name in weights)
    return {
        "num_basis": weights["masks_end.4.weight"].shape[0],
        "kernel_size": 2**stages + 1,
        "width": weights["inc_rgb.0.weight"].shape[0],
    }


def our_names(weights: Mapping[str, Tensor]) -> dict[str, str]:
    """Map the authors' name of each weight to ours."""
    layers = {"inc_rgb.0": "stem_rgb.0", "inc_gray.0": "stem_gray.0", "feat.0": "bottleneck.0"}
    for stage in range(5):
        for place, our_place in ((0, 0), (2, 1)):
            layers[f"down{stage + 1}.double_conv.{place}"] = f"down.{stage}.convolutions.{our_place}.0"
    stages = (arguments(weights)["kernel_size"] - 1).bit_length() - 1
    for up_name, our_name, count in (("up", "mixing_up", 5), ("kernel_up", "kernel_up", stages)):
        for stage in range(count):
            up, our_up = f"{up_name}{stage + 1}", f"{our_name}.{stage}"
            layers[f"{up}.up"] = f"{our_up}.upsample"
            layers[f"{up}.double_conv.0"] = f"{our_up}.convolutions.0.0"
            layers[f"{up}.double_conv.2"] = f"{our_up}.convolutions.1.0"
            layers[f"{up}.feat.0"] = f"{our_up}.merge.0"
    for head, our_head in (("masks_end", "mixing_head"), ("kernels_end", "kernel_head")):
        layers |= {f"{head}.0": f"{our_head}.0.0", f"{head}.2": f"{our_head}.1.0", f"{head}.4": f"{our_head}.2"}
    return {f"{theirs}.{kind}": f"{ours}.{kind}" for theirs, ours in layers.items() for kind in ("weight", "bias")}
