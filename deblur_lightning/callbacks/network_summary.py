"""NetworkSummary: what is trained, and what it costs, at the start of a training."""

from collections.abc import Container, Iterator
from typing import NamedTuple

import torch
from lightning_utilities.core.rank_zero import rank_zero_only
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn

from deblur_lightning.deblurring import Deblurrer, Restorer
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import delta_field

SIDE = 256  # of the picture that operations are counted for, in pixels


class NetworkRow(NamedTuple):
    """A network of a module.

    Attributes:
        name: where the module holds it.
        kind: its class.
        parameters: how many numbers it has learned or is given.
        trained: how many of them a training changes.
        operations: multiplications and additions of its convolutions and products for one picture of 256 x 256; None
            where they cannot be counted.
    """

    name: str
    kind: str
    parameters: int
    trained: int
    operations: int | None


class NetworkSummary(Callback):
    """Print each network of a module with its parameters and floating-point operations, in place of all its parts."""

    @rank_zero_only
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the table."""
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="")
        for title in ("network", "class", "parameters", "trained", f"FLOPs ({SIDE} x {SIDE})"):
            table.add_column(title, justify="left" if title in ("network", "class") else "right")
        learning = {
            one for optimizer in trainer.optimizers for group in optimizer.param_groups for one in group["params"]
        }
        for row in summarize_networks(pl_module, learning):
            counts = (row.parameters, row.trained, row.operations)
            table.add_row(row.name, row.kind, *("" if count is None else metric(count) for count in counts))
        Console(stderr=False, highlight=False).print(table)


def summarize_networks(module: nn.Module, learning: Container[nn.Parameter]) -> list[NetworkRow]:
    """List the parts of a module that have parameters, a deblurrer's one by one, and count what each computes.

    Args:
        module: the module.
        learning: the parameters that optimisers step.
    """
    rows = []
    for name, network in _networks(module):
        counts = [(one.numel(), one.requires_grad and one in learning) for one in network.parameters()]
        trained = sum(count for count, learns in counts if learns)
        kind = type(network).__name__
        rows.append(NetworkRow(name, kind, sum(count for count, _ in counts), trained, count_operations(network)))
    return rows


def count_operations(network: nn.Module) -> int | None:
    """Count a network's floating-point operations for one picture of 256 x 256, forwards.

    Shapes alone are followed where the network allows it; others look at a gray picture. Random numbers, running means
    and modes stay as they were. Fourier transforms do not count.

    Args:
        network: of pictures ``[N, 3, H, W]``, or a restorer.
    """
    device = next(network.parameters()).device
    modes = {part: part.training for part in network.modules()}
    try:
        network.eval()
        for place in dict.fromkeys((torch.device("meta"), device)):
            try:
                return _counted(network, torch.full((1, 3, SIDE, SIDE), 0.5, device=place))
            except Exception:  # noqa: BLE001, S112 - any network of anyone's; a summary stops no training
                continue
    finally:
        for part, mode in modes.items():
            part.training = mode
    return None


@torch.no_grad()
def _counted(network: nn.Module, picture: Tensor) -> int:
    from torch.func import functional_call
    from torch.utils.flop_counter import FlopCounterMode

    state = {
        name: torch.empty_like(values, device="meta") if picture.is_meta else values
        for name, values in (*network.named_parameters(), *network.named_buffers())
    }
    given = (picture, delta_field(picture), Exposure()) if isinstance(network, Restorer) else (picture,)
    with FlopCounterMode(display=False) as counter:
        functional_call(network, state, given)
    return int(counter.get_total_flops())


def _networks(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    for name, part in module.named_children():
        if isinstance(part, Deblurrer):
            yield from _networks(part, f"{prefix}{name}.")
        elif any(True for _ in part.parameters()):
            yield prefix + name, part


def metric(count: int) -> str:
    """Write a count in three digits: 104.2 G."""
    for factor, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if count >= factor:
            return f"{count / factor:.1f}{unit}"
    return str(count)
