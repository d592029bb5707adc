"""Put a direct network into the default model: python experiments/free/assemble.py DIRECT OUT.

Takes the bundled model's estimator, its fusion, fitted before, and its exposure; asks the network where to believe the
motion (`Agreed`), and has it stand where no restoration convinces. A guard, which leaves photos alone where no motion
was found, is left out: the network may see some. The network's weights are written in 16 bits.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.checkpoints.own import in_16_bits
from deblur_lightning.deblurring import Agreed, DirectDeblurrer, Fusion, MotionDeblurrer, describe, load_deblurrer
from deblur_lightning.deblurring.agreed import unjudged
from deblur_lightning.networks import SeeingNAFNet

APART = 0.25  # of the longer reach, by which network and field may differ for the field to be believed by half
APART_LONG = 0.6  # the same of long motion, of which the network is unsure


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, assemble, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("direct", type=Path, help="checkpoint of a SeeingNAFNet alone, as make train-free writes it")
    parser.add_argument("out", type=Path, help="the checkpoint to write, .safetensors")
    parser.add_argument("--model", default="blind", help="a checkpoint, or a bundled model's name, that has a Fusion")
    options = parser.parse_args(arguments)
    whole, direct = load_deblurrer(options.model).deblurrer, load_deblurrer(options.direct).deblurrer
    if not isinstance(whole, MotionDeblurrer) or not isinstance(fusion := unjudged(whole.restorer), Fusion):
        parser.error(f"{options.model} restores without a Fusion. Name a model that has one.")
    if not isinstance(direct, DirectDeblurrer) or not isinstance(direct.generator, SeeingNAFNet):
        parser.error(f"{options.direct} holds no SeeingNAFNet alone. Pass what make train-free wrote.")
    agreed = Agreed(fusion, direct.generator, APART, APART_LONG, turned=True)
    made = MotionDeblurrer(whole.network, agreed, exposure=whole.exposure)
    weights = made.state_dict()
    learned = {name: part for name, part in weights.items() if name.startswith("restorer.direct.")}
    try:
        halves = in_16_bits(learned, options.direct, "Train it with weight decay.")
    except ValueError as error:
        parser.error(str(error))
    write_checkpoint(options.out, weights | halves, describe(made))


if __name__ == "__main__":
    main()
