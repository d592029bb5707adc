"""load_published: a network of ours with the weights of a file as its authors released it."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from deblur_lightning.checkpoints import adaptive_basis, deblurgan, nafnet
from deblur_lightning.checkpoints.kinds import is_weights, nested_weights
from deblur_lightning.checkpoints.reading import read_torch_file
from deblur_lightning.networks import AdaptiveBasisNetwork, DeblurGANGenerator, NAFNet

PublishedModel = Literal["adaptive-basis", "deblurgan", "nafnet"]
SOURCE = "Download it again from its authors."
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"""Of instance norms; ours, as the authors' test code in effect, takes those of the picture."""


class Layout(NamedTuple):
    """How a model's authors name its weights.

    Attributes:
        network: builds ours from its arguments, whose defaults are as published.
        files: what its authors call them.
        marks: names of weights that tell them from others.
        arguments: reads off the tensors those arguments that are sizes.
        our_names: maps the authors' name of each weight to ours.
    """

    network: Callable[..., nn.Module]
    files: str
    marks: tuple[str, ...]
    arguments: Callable[[Mapping[str, Tensor]], dict[str, Any]]
    our_names: Callable[[Mapping[str, Tensor]], dict[str, str]]


LAYOUTS = {
    "adaptive-basis": Layout(
        AdaptiveBasisNetwork,
        "TwoHeads.pkl or N_kernels_network.pth",
        adaptive_basis.MARKS,
        adaptive_basis.arguments,
        adaptive_basis.our_names,
    ),
    "deblurgan": Layout(
        DeblurGANGenerator, "latest_net_G.pth", deblurgan.MARKS, deblurgan.arguments, deblurgan.our_names
    ),
    "nafnet": Layout(NAFNet, "NAFNet-GoPro-width32.pth", nafnet.MARKS, nafnet.arguments, nafnet.our_names),
}


class Published(NamedTuple):
    """What a file of the authors holds.

    Attributes:
        model: its name, a key of `LAYOUTS`.
        network: ours, with the file's weights, in evaluation mode.
        arguments: of the network, all of them.
    """

    model: str
    network: nn.Module
    arguments: dict[str, Any]


def load_published(path: Path | str, model: PublishedModel | None = None) -> nn.Module:
    """Load the authors' weights, unchanged, into our network.

    Sizes (number and side of the basis kernels, channels, blocks) are read off the tensors. Nothing in the file is
    executed.

    Args:
        path: a state dict that torch.save wrote (``.pkl``, ``.pth``), from one or from several GPUs.
        model: which network it must be; None takes what the names in the file tell.

    Returns:
        The network, float32, in evaluation mode.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a damaged file, one with code in it, the weights of another network, a critic, a Lightning
            checkpoint, or weights that are missing, unknown, misshapen or not finite.

    Source:
        Names as in the code of Carbajal et al. (TwoHeadsNetwork), of Kupyn et al. (ResnetGenerator) and of Chen et al.
        (NAFNet).
    """
    path = Path(path)
    return parse_published(path, read_torch_file(path, SOURCE), model).network


def parse_published(path: Path, content: object, model: str | None = None) -> Published:
    """Like `load_published`, of a file that has been read; also tell which model it is and with which arguments.

    Raises:
        ValueError: no such model, or content that `load_published` refuses.
    """
    if model is not None and model not in LAYOUTS:
        raise ValueError(f"model is {model}, but there are {', '.join(LAYOUTS)}. Pass one of these.")
    weights = _weights(path, content)
    name = _identify(path, weights, model)
    layout = LAYOUTS[name]
    try:
        arguments, our_names = _defaults(layout.network) | layout.arguments(weights), layout.our_names(weights)
        with torch.device("meta"):  # the weights take their places without others being drawn first
            network = layout.network(**arguments)
    except (ValueError, LookupError) as error:
        raise ValueError(f"{path} holds {name} in sizes that it does not come in ({error}). {SOURCE}") from error
    _check(path, name, weights, our_names, network)
    network.load_state_dict({our_names[key]: weight.float() for key, weight in weights.items()}, assign=True)
    return Published(name, network.eval(), arguments)


def _defaults(network: Callable[..., nn.Module]) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in inspect.signature(network).parameters.items()}


def _weights(path: Path, content: object) -> dict[str, Tensor]:
    """Take the weights out of what a file holds, under a key of its own too; several GPUs' prefix and statistics go."""
    if isinstance(content, dict) and "state_dict" in content:
        raise ValueError(
            f"{path} is a Lightning checkpoint, but weights as their authors released them are needed. "
            "Pass it as it is to `deblur restore --checkpoint` or `lightning test --ckpt_path`."
        )
    nested = nested_weights(content)
    if nested is not None:
        _, content = nested
    if not (isinstance(content, Mapping) and is_weights(content)):
        raise ValueError(f"{path} holds no weights by name. {SOURCE}")
    weights = {str(name).removeprefix("module."): weight for name, weight in content.items()}
    weights = {name: weight for name, weight in weights.items() if not name.endswith(STATISTICS)}
    for name, weight in weights.items():
        if weight.layout != torch.strided or weight.nbytes > weight.untyped_storage().nbytes():
            raise ValueError(f"{path} holds {name} without all of its values. {SOURCE}")
        if not (weight.is_floating_point() and weight.isfinite().all()):
            raise ValueError(f"{path} holds {name} with values that are no finite numbers. {SOURCE}")
    return weights


def _identify(path: Path, weights: Mapping[str, Tensor], wanted: str | None) -> str:
    """Tell a file's model by its names; it must be the wanted one, if one is wanted."""
    if all(mark in weights for mark in deblurgan.CRITIC_MARKS):
        raise ValueError(f"{path} holds DeblurGAN's critic, but its generator restores. Pass latest_net_G.pth.")
    found = next((name for name, layout in LAYOUTS.items() if all(mark in weights for mark in layout.marks)), None)
    if found is None:
        first = next(iter(weights), "nothing")
        names = LAYOUTS if wanted is None else [wanted]
        files = " or ".join(LAYOUTS[name].files for name in names)
        raise ValueError(
            f"{path} holds the weights of another network ({first}, …) than {' or '.join(names)}. Pass {files}."
        )
    if wanted not in (found, None):
        raise ValueError(f"{path} holds the weights of {found}, but model is {wanted}. Pass {found}.")
    return found


def _check(
    path: Path, model: str, weights: Mapping[str, Tensor], our_names: Mapping[str, str], network: nn.Module
) -> None:
    """Refuse a file in which a weight is missing, unknown or misshapen."""
    wrong = [
        f"{fault} {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
        for fault, names in (
            ("lacks", [name for name in our_names if name not in weights]),
            ("has the unknown", [name for name in weights if name not in our_names]),
        )
        if names
    ]
    if wrong:
        raise ValueError(f"{path} is no {model} as released: it {' and '.join(wrong)}. {SOURCE}")
    needed = network.state_dict()
    for name, weight in weights.items():
        shape = needed[our_names[name]].shape
        if weight.shape != shape:
            raise ValueError(
                f"{path} holds {name} of shape {list(weight.shape)}, but {list(shape)} is needed. {SOURCE}"
            )
