"""NAFNet over a raw state dict with the authors' names, by functions alone; and random state dicts for it."""

import torch
import torch.nn.functional as F


def nafnet_shapes(width=32, middle=1, encoder=(1, 1, 1, 28), decoder=(1, 1, 1, 1), channels=3):
    """List each weight's shape by its name in the authors' files."""
    shapes = {"intro.weight": (width, channels, 3, 3), "intro.bias": (width,)}
    shapes |= {"ending.weight": (channels, width, 3, 3), "ending.bias": (channels,)}

    def block(name, c):
        for layer, o, i in (
            ("conv1", 2 * c, c),
            ("conv3", c, c),
            ("sca.1", c, c),
            ("conv4", 2 * c, c),
            ("conv5", c, c),
        ):
            shapes.update({f"{name}.{layer}.weight": (o, i, 1, 1), f"{name}.{layer}.bias": (o,)})
        shapes.update({f"{name}.conv2.weight": (2 * c, 1, 3, 3), f"{name}.conv2.bias": (2 * c,)})
        shapes.update({f"{name}.{norm}.{kind}": (c,) for norm in ("norm1", "norm2") for kind in ("weight", "bias")})
        shapes.update({f"{name}.{factor}": (1, c, 1, 1) for factor in ("beta", "gamma")})

    c = width
    for stage, blocks in enumerate(encoder):
        for number in range(blocks):
            block(f"encoders.{stage}.{number}", c)
        shapes |= {f"downs.{stage}.weight": (2 * c, c, 2, 2), f"downs.{stage}.bias": (2 * c,)}
        c *= 2
    for number in range(middle):
        block(f"middle_blks.{number}", c)
    for stage, blocks in enumerate(decoder):
        shapes[f"ups.{stage}.0.weight"] = (2 * c, c, 1, 1)
        c //= 2
        for number in range(blocks):
            block(f"decoders.{stage}.{number}", c)
    return shapes


def nafnet_weights(seed=0, **sizes):
    """Draw weights under which signals neither die nor explode."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in nafnet_shapes(**sizes).items():
        drawn = torch.randn(shape, generator=generator)
        inputs = torch.Size(shape[1:]).numel()
        weights[name] = drawn / inputs**0.5 if len(shape) == 4 and inputs > 1 else 0.3 * drawn
        if name.endswith(("norm1.weight", "norm2.weight")):
            weights[name] = 1 + weights[name]
    return weights


def plain_nafnet(weights, picture):
    """Restore ``[N, C, H, W]``."""
    stages = len({name.split(".")[1] for name in weights if name.startswith("downs.")})

    def convolve(x, name, **options):
        return F.conv2d(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"), **options)

    def norm(x, name):
        mean = x.mean(1, keepdim=True)
        variance = ((x - mean) ** 2).mean(1, keepdim=True)
        scale, shift = (weights[f"{name}.{kind}"].view(1, -1, 1, 1) for kind in ("weight", "bias"))
        return scale * (x - mean) / (variance + 1e-6).sqrt() + shift

    def gate(x):
        half = x.shape[1] // 2
        return x[:, :half] * x[:, half:]

    def stack(x, name):
        number = 0
        while f"{name}.{number}.beta" in weights:
            block = f"{name}.{number}"
            y = convolve(norm(x, f"{block}.norm1"), f"{block}.conv1")
            y = gate(convolve(y, f"{block}.conv2", padding=1, groups=y.shape[1]))
            y = y * convolve(y.mean((2, 3), keepdim=True), f"{block}.sca.1")
            x = x + weights[f"{block}.beta"] * convolve(y, f"{block}.conv3")
            y = gate(convolve(norm(x, f"{block}.norm2"), f"{block}.conv4"))
            x = x + weights[f"{block}.gamma"] * convolve(y, f"{block}.conv5")
            number += 1
        return x

    height, width = picture.shape[2:]
    multiple = 2**stages
    tall, wide = -(-height // multiple) * multiple, -(-width // multiple) * multiple
    padded = picture.new_zeros(*picture.shape[:2], tall, wide)
    padded[..., :height, :width] = picture
    x, skips = convolve(padded, "intro", padding=1), []
    for stage in range(stages):
        x = stack(x, f"encoders.{stage}")
        skips.append(x)
        x = convolve(x, f"downs.{stage}", stride=2)
    x = stack(x, "middle_blks")
    for stage in range(stages):
        x = F.pixel_shuffle(convolve(x, f"ups.{stage}.0"), 2) + skips.pop()
        x = stack(x, f"decoders.{stage}")
    return (convolve(x, "ending", padding=1) + padded)[..., :height, :width]
