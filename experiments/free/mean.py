"""Average the weights of networks that went on from one another: python experiments/free/mean.py ONE OTHER … OUT.

Ends of a training that warmed up again in between lie in one valley; their mean is often a little better than either
(Izmailov et al. 2018, arXiv 1803.05407).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from deblur_lightning.checkpoints import Checkpoint, read_checkpoint, write_checkpoint


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, average, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", type=Path, nargs="+", help="checkpoints of one kind of network")
    parser.add_argument("out", type=Path, help="the checkpoint to write, .safetensors")
    options = parser.parse_args(arguments)
    try:
        found = [read_checkpoint(path) for path in options.networks]
        for path, one in zip(options.networks, found, strict=True):
            if one.recipe != found[0].recipe:
                raise ValueError(f"{path} is of another network than {options.networks[0]}. Pass ones of one kind.")
        write_checkpoint(options.out, mean(found), found[0].recipe)
    except (OSError, ValueError) as error:
        parser.error(str(error))


def mean(found: Sequence[Checkpoint]) -> dict[str, torch.Tensor]:
    """Average each weight of checkpoints of one recipe, in 32 bits."""
    return {name: sum(one.weights[name].float() for one in found) / len(found) for name in found[0].weights}


if __name__ == "__main__":
    main()
