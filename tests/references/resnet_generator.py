"""DeblurGAN's generator over a raw state dict, by functions alone; and random state dicts for it."""

import torch
import torch.nn.functional as F

PLACES = {"two, dropout": (1, 6), "two": (1, 5), "one": (1,)}
"""Where in a residual block its convolutions are: by how many there are, and whether dropout stands between."""


def generator_weights(topology="two, dropout", width=64, blocks=9, seed=0, statistics=True):
    """Draw weights, with the statistics that the authors' files hold beside them."""
    draw = torch.Generator().manual_seed(seed)
    w = width
    shapes = {"model.1": (w, 3, 7, 7), "model.4": (2 * w, w, 3, 3), "model.7": (4 * w, 2 * w, 3, 3)}
    for block in range(10, 10 + blocks):
        shapes |= {f"model.{block}.conv_block.{place}": (4 * w, 4 * w, 3, 3) for place in PLACES[topology]}
    after = 10 + blocks
    shapes |= {f"model.{after}": (4 * w, 2 * w, 3, 3), f"model.{after + 3}": (2 * w, w, 3, 3)}
    shapes[f"model.{after + 7}"] = (3, w, 7, 7)
    weights = {}
    for name, shape in shapes.items():
        outputs = shape[1] if name in (f"model.{after}", f"model.{after + 3}") else shape[0]
        weights[f"{name}.weight"] = torch.randn(shape, generator=draw) * 0.05
        weights[f"{name}.bias"] = torch.randn(outputs, generator=draw) * 0.1
        if statistics and name != f"model.{after + 7}":
            stem, _, place = name.rpartition(".")
            norm = f"{stem}.{int(place) + 1}"
            weights[f"{norm}.running_mean"] = torch.randn(outputs, generator=draw)
            weights[f"{norm}.running_var"] = torch.rand(outputs, generator=draw)
            weights[f"{norm}.num_batches_tracked"] = torch.tensor(12345)
    return weights


def critic_weights(width=64):
    """Draw the weights of a PatchGAN with four hidden layers, as the authors' latest_net_D.pth names them."""
    w = width
    shapes = {0: (w, 3), 2: (2 * w, w), 5: (4 * w, 2 * w), 8: (8 * w, 4 * w), 11: (1, 8 * w)}
    weights = {f"model.{place}.weight": torch.randn(*shape, 4, 4) for place, shape in shapes.items()}
    return weights | {f"model.{place}.bias": torch.randn(shape[0]) for place, shape in shapes.items()}


def resnet_generator(weights, picture):
    """Sharpen pictures ``[N, 3, H, W]`` in [-1, 1], H and W multiples of 4; statistics of the picture, no dropout."""

    def parameters(name):
        return weights[f"{name}.weight"], weights[f"{name}.bias"]

    def normalize(x):
        centred = x - x.mean((2, 3), keepdim=True)
        return centred / (centred.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()

    def mirrored(x, name, border):
        return F.conv2d(F.pad(x, [border] * 4, mode="reflect"), *parameters(name))

    x = normalize(mirrored(picture, "model.1", 3)).relu()
    for name in ("model.4", "model.7"):
        x = normalize(F.conv2d(x, *parameters(name), stride=2, padding=1)).relu()
    layer = 10
    while f"model.{layer}.conv_block.1.weight" in weights:
        block = f"model.{layer}.conv_block"
        change = normalize(mirrored(x, f"{block}.1", 1)).relu()
        second = next((place for place in (5, 6) if f"{block}.{place}.weight" in weights), None)
        if second is not None:
            change = normalize(mirrored(change, f"{block}.{second}", 1))
        x, layer = x + change, layer + 1
    for up in (layer, layer + 3):
        x = normalize(F.conv_transpose2d(x, *parameters(f"model.{up}"), stride=2, padding=1, output_padding=1)).relu()
    residual = mirrored(x, f"model.{layer + 7}", 3).tanh()
    return (picture + residual).clamp(-1, 1)
