"""Give a direct network more blocks, which begin as nothing: grow.py CHECKPOINT OUT --middle 5 --encoders 1 2 3 ..."""

import argparse
from pathlib import Path

from deblur_lightning.checkpoints import read_checkpoint, write_checkpoint
from deblur_lightning.deblurring import DirectDeblurrer, describe, find_checkpoint
from deblur_lightning.networks import FoldedNAFNet


def main(arguments: argparse.Namespace) -> None:
    """Write a larger network that restores as the smaller one did."""
    path = find_checkpoint(arguments.checkpoint)
    checkpoint = read_checkpoint(path)
    settings = checkpoint.recipe["init_args"]["generator"]["init_args"]
    blocks = {
        "middle_blocks": arguments.middle,
        "encoder_blocks": arguments.encoders,
        "decoder_blocks": arguments.decoders,
    }
    grown = DirectDeblurrer(FoldedNAFNet(**settings | blocks), signed=False)
    unknown = grown.load_state_dict(checkpoint.weights, strict=False).unexpected_keys
    if unknown:
        raise SystemExit(f"{path} has {unknown[0]}, which the larger network has not. Pass at least as many blocks.")
    write_checkpoint(arguments.out, grown.state_dict(), describe(grown))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="of train-direct, or direct")
    parser.add_argument("out", type=Path, help="the checkpoint to write, .safetensors")
    parser.add_argument("--middle", type=int, default=5, help="blocks of the lowest stage")
    parser.add_argument(
        "--encoders", type=int, nargs="+", default=[1, 2, 3], help="blocks of each stage on the way down"
    )
    parser.add_argument("--decoders", type=int, nargs="+", default=[3, 3, 2], help="blocks of each stage on the way up")
    main(parser.parse_args())
