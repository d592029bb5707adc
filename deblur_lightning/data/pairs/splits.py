"""Which sequences train, which validate, and how many of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deblur_lightning.data.pairs.pairing import Pair


@dataclass(frozen=True)
class Selection:
    """Which pairs train, validate and test.

    Attributes:
        subset: train on a fraction (below 1), on a number of pairs, or on the named sequences only; None for all.
        held_out: training sequences that validate: a fraction, a number (the last ones in order), or names; 0 for none.
        evaluate_all: test on all pairs of a folder that makes no splits, not on the held-out ones alone.
    """

    subset: float | list[str] | None = None
    held_out: float | list[str] = 0.1
    evaluate_all: bool = False

    def hold_out(self, pairs: Sequence[Pair], root: Path) -> tuple[list[Pair], list[Pair]]:
        """Return the pairs that train and those that validate: whole sequences, as neighbouring frames are alike.

        Raises:
            ValueError: no such sequence in ``root``, or nothing left to train on.
        """
        held_out, sequences = self.held_out, list(dict.fromkeys(pair.sequence for pair in pairs))
        if isinstance(held_out, list):
            held = set(_named(held_out, sequences, "held_out", root))
        else:
            if not 0 <= held_out < math.inf:
                raise ValueError(
                    f"held_out is {held_out}, but it is a fraction or number of sequences, from 0 on. Pass 0.1 or 2."
                )
            count = max(1, round(held_out * len(sequences))) if 0 < held_out < 1 else int(held_out)
            held = set(sequences[max(0, len(sequences) - count) :])
        if len(held) >= len(sequences):
            raise ValueError(
                f"{root} has {len(sequences)} sequences, but {len(held)} are held out. "
                "Pass selection.held_out=0 to train on all and validate on none."
            )
        return [pair for pair in pairs if pair.sequence not in held], [pair for pair in pairs if pair.sequence in held]

    def choose(self, pairs: Sequence[Pair], root: Path) -> list[Pair]:
        """Take the subset of the pairs, spread evenly over all of them.

        Raises:
            ValueError: no such sequence in ``root``, or a number out of range.
        """
        subset = self.subset
        if subset is None:
            return list(pairs)
        if isinstance(subset, list):
            names = set(_named(subset, list(dict.fromkeys(pair.sequence for pair in pairs)), "subset", root))
            return [pair for pair in pairs if pair.sequence in names]
        if not 0 < subset <= len(pairs):
            raise ValueError(
                f"subset is {subset}, but {root} has {len(pairs)} training pairs. Pass a fraction below 1, or fewer."
            )
        count = max(1, round(subset * len(pairs))) if subset < 1 else int(subset)
        return [pairs[position * len(pairs) // count] for position in range(count)]


def _named(names: list[str], sequences: list[str], argument: str, root: Path) -> list[str]:
    unknown = [name for name in names if name not in sequences]
    if unknown:
        raise ValueError(
            f"{argument} is {unknown[0]}, but {root} has no such sequence among {', '.join(sequences[:4])} …. "
            "Take its folder's name."
        )
    return names
