"""Which sequences train, which validate, and how many of them."""

from collections.abc import Sequence
from pathlib import Path

from deblur_lightning.data.pairs.pairing import Pair


def hold_out(pairs: Sequence[Pair], held_out: float | list[str], root: Path) -> tuple[list[Pair], list[Pair]]:
    """Set whole sequences aside for validation: neighbouring frames of one video are no independent judges.

    Args:
        pairs: of the training split.
        held_out: a fraction below 1 of the sequences, a number of them (the last ones in order), or their names.
        root: the data set, for messages.

    Returns:
        Pairs that train, and pairs that validate.

    Raises:
        ValueError: no such sequence, or nothing left to train on.
    """
    sequences = list(dict.fromkeys(pair.sequence for pair in pairs))
    if isinstance(held_out, list):
        held = set(_named(held_out, sequences, "held_out", root))
    else:
        if not held_out >= 0:
            raise ValueError(
                f"held_out is {held_out}, but a part or number of sequences is not below 0. Pass 0.1 or 2."
            )
        count = max(1, round(held_out * len(sequences))) if 0 < held_out < 1 else int(held_out)
        held = set(sequences[len(sequences) - count :]) if count else set()
    if len(held) >= len(sequences):
        raise ValueError(
            f"{root} has {len(sequences)} sequences, but {len(held)} are held out. "
            "Pass held_out=0 to train on all and validate on none."
        )
    return [pair for pair in pairs if pair.sequence not in held], [pair for pair in pairs if pair.sequence in held]


def choose(pairs: Sequence[Pair], subset: float | list[str] | None, root: Path) -> list[Pair]:
    """Take part of the pairs, spread evenly over all of them.

    Args:
        pairs: to choose from.
        subset: a fraction below 1, a number of pairs, names of sequences, or None for all.
        root: the data set, for messages.

    Raises:
        ValueError: no such sequence, or a number out of range.
    """
    if subset is None:
        return list(pairs)
    if isinstance(subset, list):
        names = set(_named(subset, list(dict.fromkeys(pair.sequence for pair in pairs)), "subset", root))
        return [pair for pair in pairs if pair.sequence in names]
    if not 0 < subset <= len(pairs):
        raise ValueError(
            f"subset is {subset}, but {root} has {len(pairs)} training pairs. Pass a part below 1, or less."
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
