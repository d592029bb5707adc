"""Put a direct network into the default model: python experiments/free/assemble.py DIRECT OUT.

Takes the bundled model's estimator, its exposure and its restorer, or another that learned beside such a network
(`--restorer`), which is given this one in its place; and asks the network where to believe the motion (`Agreed`). A
guard, which leaves photos alone where no motion was found, is left out: the network may see some. What learned from
photographs is written in 16 bits.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.checkpoints.own import in_16_bits
from deblur_lightning.deblurring import (
    Agreed,
    DirectDeblurrer,
    MotionDeblurrer,
    UnrolledRestorer,
    describe,
    load_deblurrer,
)
from deblur_lightning.deblurring.agreed import unjudged
from deblur_lightning.networks import SeeingNAFNet

APART = 0.25  # of the longer reach, by which network and field may differ for the field to be believed by half
APART_LONG = 0.4  # the same of long motion, of which the network is unsure


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, assemble, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("direct", type=Path, help="checkpoint of a SeeingNAFNet alone, as make train-free writes it")
    parser.add_argument("out", type=Path, help="the checkpoint to write, .safetensors")
    parser.add_argument("--model", default="blind", help="a checkpoint, or a bundled model's name, to change")
    parser.add_argument("--restorer", type=Path, help="a checkpoint with an UnrolledRestorer, in place of the model's")
    options = parser.parse_args(arguments)
    whole, direct = load_deblurrer(options.model).deblurrer, load_deblurrer(options.direct).deblurrer
    if not isinstance(whole, MotionDeblurrer):
        parser.error(f"{options.model} estimates no motion. Name a model that does.")
    giving = whole if options.restorer is None else load_deblurrer(options.restorer).deblurrer
    restorer = unjudged(giving.restorer) if isinstance(giving, MotionDeblurrer) else None
    if not isinstance(restorer, UnrolledRestorer):
        named = options.restorer or options.model
        parser.error(f"{named} restores without an UnrolledRestorer. Name a checkpoint that has one.")
    if not isinstance(direct, DirectDeblurrer) or not isinstance(direct.generator, SeeingNAFNet):
        parser.error(f"{options.direct} holds no SeeingNAFNet alone. Pass what make train-free wrote.")
    restorer.direct, restorer.title = direct.generator, ""
    agreed = Agreed(restorer, None, APART, APART_LONG, turned=True)
    made = MotionDeblurrer(whole.network, agreed, exposure=whole.exposure)
    weights = made.state_dict()
    learned = {name: part for name, part in weights.items() if name.startswith(("network.", "restorer."))}
    try:
        halves = in_16_bits(learned, options.direct, "Train it with weight decay.")
    except ValueError as error:
        parser.error(str(error))
    write_checkpoint(options.out, weights | halves, describe(made))


if __name__ == "__main__":
    main()
