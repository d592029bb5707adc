"""Figures of each picture by name, averaged over distinct pictures on any number of processes."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat
from torchmetrics.utilities.prints import rank_zero_warn

NAME_BYTES = 128


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
        """
        device = next(iter(figures.values())).device
        for column in self.columns:
            self._state(column).append(figures[column].detach().double())
        self._state("names").append(torch.cat([_encode(name) for name in names]).to(device))

    def compute(self) -> dict[str, Tensor]:
        """Average each figure over distinct pictures.

        Pictures that equal their sharp ones have an infinite PSNR: a warning counts them, its mean leaves them out.
        """
        rows = list(self.rows().values())
        means = {}
        for column, values in zip(
            self.columns, torch.tensor(rows, dtype=torch.float64, device=self.device).T, strict=True
        ):
            finite = values[~values.isinf()]
            if len(finite) < len(values):
                rank_zero_warn(f"{len(values) - len(finite)} of {len(values)} pictures have an infinite {column}.")
            means[column] = finite.mean() if len(finite) else values.mean()
        return means

    def rows(self) -> dict[str, tuple[float, ...]]:
        """Return each picture's figures, in the order of `columns`; inside `compute`, of all processes."""
        names = self._state("names")
        if len(names) == 0:
            raise ValueError("no picture was scored, but a mean needs one. Check the dataset's split.")
        encoded = dim_zero_cat(names).reshape(-1, NAME_BYTES).to(torch.uint8).cpu().numpy()
        decoded = [row.tobytes().rstrip(b"\0").decode(errors="ignore") for row in encoded]
        values = torch.stack([dim_zero_cat(self._state(column)) for column in self.columns], dim=1).tolist()
        return dict(sorted(dict(zip(decoded, map(tuple, values), strict=True)).items()))

    def _state(self, name: str) -> list[Tensor]:
        return getattr(self, f"_{name}")


def _encode(name: str) -> Tensor:
    encoded = name.encode()
    if len(encoded) > NAME_BYTES:
        encoded = encoded[: NAME_BYTES - 17] + b"~" + blake2b(encoded, digest_size=8).hexdigest().encode()
    return torch.tensor(list(encoded.ljust(NAME_BYTES, b"\0")), dtype=torch.float64)
