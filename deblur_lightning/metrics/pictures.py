"""Figures of each picture by name, averaged over distinct pictures on any number of processes."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat
from torchmetrics.utilities.prints import rank_zero_warn

NAME_BYTES = 128
IDENTICAL = "identical"
"""Under this name `PictureScores.compute` counts what its means leave out."""


class PictureScores(Metric):
    """Keeps one row of figures a picture.

    Every picture counts once, by its name: the copies with which distributed samplers fill up the last round, and
    a picture scored twice, change nothing. So the mean is the single-process one on any number of processes.

    Args:
        columns: names of the figures.
    """

    full_state_update = False
    higher_is_better = True

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self.set_dtype(torch.float64)
        for state in ("names", *self.columns):
            self.add_state(f"_{state}", default=[], dist_reduce_fx="cat")

    def record(self, names: Sequence[str], figures: Mapping[str, Tensor]) -> None:
        """Add rows.

        Args:
            names: N names, each unique to its picture.
            figures: ``[N]`` under each column's name.

        Raises:
            ValueError: other numbers of names and figures.
        """
        counts = {column: figures[column].numel() for column in self.columns}
        if isinstance(names, str) or any(count != len(names) for count in counts.values()):
            told = f"the name {names!r}" if isinstance(names, str) else f"{len(names)} names"
            listed = ", ".join(f"{count} of {column}" for column, count in counts.items())
            raise ValueError(f"there are {told} for figures {listed}. Give each picture one name.")
        device = next(iter(figures.values())).device
        for column in self.columns:
            self._state(column).append(figures[column].detach().double())
        self._state("names").append(torch.cat([_encode(name) for name in names]).to(device))

    def compute(self) -> dict[str, Tensor]:
        """Average each figure over distinct pictures, the same ones for every figure.

        A picture of which any figure is infinite, because two of its pictures are identical, is left out of all means:
        otherwise ``psnr`` would be over other pictures than ``blurry_psnr``, and their difference no gain. A figure
        that some pictures do not have (NaN), as very small ones have no ``ssim_valid``, is averaged over the others.

        Returns:
            Means by column; ``identical``, how many pictures were left out, where there are such. If nothing else is
            there, means are over them.
        """
        rows = self.rows()
        values = torch.tensor(list(rows.values()), dtype=torch.float64, device=self.device)
        infinite = values.isinf().any(dim=1)
        self._warn_of_unknown(values)
        if not infinite.any():
            return dict(zip(self.columns, values.nanmean(dim=0).unbind(), strict=True))
        names = [name for name, alone in zip(rows, infinite.tolist(), strict=True) if alone]
        columns = [name for name, alone in zip(self.columns, values.isinf().any(dim=0).tolist(), strict=True) if alone]
        rank_zero_warn(
            f"{len(names)} of {len(rows)} pictures are identical to what they are compared with (infinite "
            f"{' and '.join(columns)}) and are left out of every mean: {', '.join(names[:4])}"
            f"{f' and {len(names) - 4} more' if len(names) > 4 else ''}."
        )
        counted = values if infinite.all() else values[~infinite]
        means = dict(zip(self.columns, counted.nanmean(dim=0).unbind(), strict=True))
        return {**means, IDENTICAL: infinite.sum().double()}

    def rows(self) -> dict[str, tuple[float, ...]]:
        """Return each picture's figures, in the order of `columns`; inside `compute`, of all processes."""
        names = self._state("names")
        if len(names) == 0:
            raise ValueError("no picture was scored, but a mean needs one. Check the dataset's split.")
        encoded = dim_zero_cat(names).reshape(-1, NAME_BYTES).to(torch.uint8).cpu().numpy()
        decoded = [row.tobytes().rstrip(b"\0").decode(errors="backslashreplace") for row in encoded]
        values = torch.stack([dim_zero_cat(self._state(column)) for column in self.columns], dim=1).tolist()
        return dict(sorted(dict(zip(decoded, map(tuple, values), strict=True)).items()))

    def _warn_of_unknown(self, values: Tensor) -> None:
        """Say which figures some pictures lack."""
        known = values.isnan().logical_not().sum(dim=0).tolist()
        lacking = [
            f"{name} of {count}" for name, count in zip(self.columns, known, strict=True) if 0 < count < len(values)
        ]
        if lacking:
            rank_zero_warn(f"Of {len(values)} pictures not all have every score: {', '.join(lacking)}.")

    def _state(self, name: str) -> list[Tensor]:
        return getattr(self, f"_{name}")


def _encode(name: str) -> Tensor:
    encoded = name.encode(errors="surrogateescape")  # as of files whose names are no UTF-8
    if len(encoded) > NAME_BYTES:
        whole = encoded[: NAME_BYTES - 17].decode(errors="ignore").encode()  # letters
        encoded = whole + b"~" + blake2b(encoded, digest_size=8).hexdigest().encode()
    return torch.tensor(list(encoded.ljust(NAME_BYTES, b"\0")), dtype=torch.float64)
