"""Give the bundled `learned` another direct network: python experiments/seeing/assemble.py DIRECT OUT.

DIRECT is a `SeeingNAFNet`'s checkpoint, as make train-seeing writes it; OUT borrows its weights from there, so both
lie in one folder. The restorer stays as it learned beside another network. The network looks at the photo turned, too,
where much of the picture is its own (`Agreed`).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from deblur_lightning.checkpoints import read_checkpoint, write_checkpoint
from deblur_lightning.checkpoints.borrowed import lent
from deblur_lightning.checkpoints.own import in_16_bits
from deblur_lightning.deblurring import (
    Agreed,
    DirectDeblurrer,
    MotionDeblurrer,
    UnrolledRestorer,
    describe,
    load_deblurrer,
)
from deblur_lightning.networks import SeeingNAFNet


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, assemble, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("direct", type=Path, help="checkpoint of a SeeingNAFNet alone, .safetensors")
    parser.add_argument("out", type=Path, help="the checkpoint to write, .safetensors, beside it")
    parser.add_argument("--model", default="learned", help="a checkpoint, or a bundled model's name, to change")
    options = parser.parse_args(arguments)
    whole, direct = load_deblurrer(options.model).deblurrer, load_deblurrer(options.direct).deblurrer
    if not isinstance(direct, DirectDeblurrer) or not isinstance(direct.generator, SeeingNAFNet):
        parser.error(f"{options.direct} holds no SeeingNAFNet alone. Pass what make train-seeing wrote.")
    restorer = whole.restorer if isinstance(whole, MotionDeblurrer) else None
    if not isinstance(restorer, Agreed) or not isinstance(restorer.restorer, UnrolledRestorer):
        parser.error(f"{options.model} asks no network where to believe a motion. Name a model that does.")
    restorer.restorer.direct, restorer.turned = direct.generator, True
    try:
        weights = in_16_bits(whole.state_dict(), Path(options.model), "Train it with weight decay.")
        own, borrowed = lent(weights, options.direct, read_checkpoint(options.direct).weights)
        write_checkpoint(options.out, own, describe(whole), borrowed)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
