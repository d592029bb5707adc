"""The two-headed U-Net of Carbajal et al. over a raw state dict, by functions alone; and random state dicts for it."""

import torch
import torch.nn.functional as F


def two_heads_shapes(num_basis=25, kernel_size=33, width=64):
    """List each layer's weight shape by its name in the authors' files."""
    w, b = width, num_basis
    shapes = {"inc_rgb.0": (w, 3, 3, 3), "inc_gray.0": (w, 1, 3, 3), "feat.0": (16 * w, 16 * w, 3, 3)}
    for stage, (i, o) in enumerate([(w, w), (w, 2 * w), (2 * w, 4 * w), (4 * w, 8 * w), (8 * w, 16 * w)], start=1):
        shapes |= {f"down{stage}.double_conv.0": (o, i, 3, 3), f"down{stage}.double_conv.2": (o, o, 3, 3)}
    mixing = [(16, 16, 8), (8, 8, 4), (4, 4, 2), (2, 2, 1), (1, 1, 1)]
    drawing = [(16, 16, 8), (8, 8, 4), (4, 4, 4), (4, 2, 2), (2, 1, 1), (1, 0, 1)]
    drawing = drawing[: {9: 3, 17: 4, 33: 5, 65: 6}[kernel_size]]
    for name, stages in (("up", mixing), ("kernel_up", drawing)):
        for stage, sizes in enumerate(stages, start=1):
            i, s, o = (size * w for size in sizes)
            up = f"{name}{stage}"
            shapes |= {f"{up}.up": (i, i, 2, 2), f"{up}.double_conv.0": (o, i, 3, 3)}
            shapes |= {f"{up}.double_conv.2": (o, o, 3, 3), f"{up}.feat.0": (o, s + o, 3, 3)}
    shapes |= {"masks_end.0": (w, w, 3, 3), "masks_end.2": (w, w, 3, 3), "masks_end.4": (b, w, 3, 3)}
    last = drawing[-1][2] * w
    return shapes | {"kernels_end.0": (w, last, 2, 2), "kernels_end.2": (w, w, 3, 3), "kernels_end.4": (b, w, 3, 3)}


def two_heads_weights(num_basis=25, kernel_size=33, width=64, seed=0):
    """Draw weights under which signals neither die nor explode."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for layer, shape in two_heads_shapes(num_basis, kernel_size, width).items():
        inputs = shape[0] if layer.endswith(".up") else shape[1] * shape[2] * shape[3]
        outputs = shape[1] if layer.endswith(".up") else shape[0]
        weights[f"{layer}.weight"] = torch.randn(shape, generator=generator) * (2 / inputs) ** 0.5
        weights[f"{layer}.bias"] = torch.randn(outputs, generator=generator) * 0.1
    return weights


def two_heads(weights, light):
    """Return basis kernels ``[N, B, K, K]`` and masks ``[N, B, H, W]``."""

    def convolve(x, layer, padding=1):
        return F.conv2d(x, weights[f"{layer}.weight"], weights[f"{layer}.bias"], padding=padding)

    def active(x, layer):
        return F.leaky_relu(convolve(x, layer), 0.01)

    def up(x, skip, name):
        x = F.conv_transpose2d(x, weights[f"{name}.up.weight"], weights[f"{name}.up.bias"], stride=2)
        x = active(active(x, f"{name}.double_conv.0"), f"{name}.double_conv.2")
        if skip is not None:
            padded = x.new_zeros(*x.shape[:2], *skip.shape[2:])
            top, left = (skip.shape[2] - x.shape[2]) // 2, (skip.shape[3] - x.shape[3]) // 2
            padded[:, :, top : top + x.shape[2], left : left + x.shape[3]] = x
            x = torch.cat([skip, padded], 1)
        return active(x, f"{name}.feat.0")

    def head(x, name):
        return convolve(active(active(x, f"{name}.0"), f"{name}.2"), f"{name}.4")

    x = active(light, "inc_rgb.0" if light.shape[1] == 3 else "inc_gray.0")
    skips = {}
    for stage in range(1, 6):
        skips[stage] = active(active(x, f"down{stage}.double_conv.0"), f"down{stage}.double_conv.2")
        x = F.max_pool2d(skips[stage], 2)
    x = active(x, "feat.0")

    kernels = x.mean((2, 3), keepdim=True)
    for stage in range(1, 7):
        if f"kernel_up{stage}.up.weight" in weights:
            side = 2**stage
            skip = skips[6 - stage].mean((2, 3), keepdim=True).repeat(1, 1, side, side) if stage < 6 else None
            kernels = up(kernels, skip, f"kernel_up{stage}")
    kernels = head(kernels, "kernels_end")
    exponential = (kernels - kernels.amax((2, 3), keepdim=True)).exp()
    basis = exponential / exponential.sum((2, 3), keepdim=True)

    for stage in range(1, 6):
        x = up(x, skips[6 - stage], f"up{stage}")
    return basis, head(x, "masks_end").softmax(1)
