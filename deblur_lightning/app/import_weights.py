"""turn weights that the methods' authors released into a checkpoint that every command here accepts.

Takes the authors' files as downloaded (TwoHeads.pkl, N_kernels_network.pth, latest_net_G.pth), and our own
checkpoints, of which it keeps only what restores. Code in a file is never run.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="weights: .pkl, .pth, .ckpt or .safetensors")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="checkpoint to write: .ckpt or .safetensors"
    )
    parser.add_argument(
        "--model", choices=("adaptive-basis", "deblurgan"), help="what FILE must be (default: told by its contents)"
    )
    parser.add_argument("--half", action="store_true", help="16-bit numbers: half the size, three significant digits")


def run(arguments: argparse.Namespace) -> int:
    """Import."""
    from deblur_lightning.jobs.import_weights import import_weights

    print(import_weights(arguments.file, arguments.output, arguments.model, half=arguments.half))  # noqa: T201
    return 0
