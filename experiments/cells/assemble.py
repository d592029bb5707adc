"""Put a learned restorer and a cell network together as the bundled `learned`: assemble.py RESTORER CELLS OUT."""

import argparse
from pathlib import Path

from torch import nn

from deblur_lightning.checkpoints import read_checkpoint, write_checkpoint
from deblur_lightning.deblurring import Agreed, MotionDeblurrer, UnrolledRestorer, build, describe, load_weights
from deblur_lightning.networks import CellKernelNetwork


def main(arguments: argparse.Namespace) -> None:
    """Read both, and write one checkpoint of them."""
    restoring, seeing = (opened(path) for path in (arguments.restorer, arguments.cells))
    network = seeing.network
    if not isinstance(network, CellKernelNetwork):
        raise SystemExit(f"{arguments.cells} has a {type(network).__name__}. Pass a checkpoint of train-cells.")
    restorer = restoring.restorer.restorer if isinstance(restoring.restorer, Agreed) else restoring.restorer
    if not isinstance(restorer, UnrolledRestorer):
        raise SystemExit(f"{arguments.restorer} has a {type(restorer).__name__}. Pass a checkpoint of train-unrolled.")
    whole = MotionDeblurrer(restoring.network, Agreed(restorer, network), exposure=restoring.exposure)
    write_checkpoint(arguments.out, whole.state_dict(), describe(whole))


def opened(path: Path) -> MotionDeblurrer:
    """Build a checkpoint's deblurrer with its weights."""
    checkpoint = read_checkpoint(path)
    deblurrer: nn.Module = build(checkpoint.recipe)
    if not isinstance(deblurrer, MotionDeblurrer):
        raise SystemExit(f"{path} holds a {type(deblurrer).__name__}. Pass one that sees motion.")
    load_weights(deblurrer, checkpoint.weights, path)
    return deblurrer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("restorer", type=Path, help="a checkpoint of train-unrolled")
    parser.add_argument("cells", type=Path, help="a checkpoint of train-cells")
    parser.add_argument("out", type=Path, help="the checkpoint to write, .safetensors")
    main(parser.parse_args())
