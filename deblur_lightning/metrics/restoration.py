"""PSNR and SSIM of each picture, averaged over pictures, on any number of processes."""

from collections.abc import Sequence
from hashlib import blake2b

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure
from torchmetrics.utilities.data import dim_zero_cat
from torchmetrics.utilities.prints import rank_zero_warn

NAME_BYTES = 128


def picture_psnr(restored: Tensor, sharp: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each picture, in dB; infinite for identical ones.

    Args:
        restored: ``[N, C, H, W]`` in [0, 1].
        sharp: likewise.

    Returns:
        ``[N]``. The mean squared error is each picture's own: papers print the mean of these, not the PSNR of the
        pooled error that torchmetrics gives by default.
    """
    psnr = peak_signal_noise_ratio(restored, sharp, data_range=(0.0, 1.0), dim=(1, 2, 3), reduction="none")
    return torch.where((restored == sharp).flatten(1).all(dim=1), torch.inf, psnr)


def picture_ssim(restored: Tensor, sharp: Tensor) -> Tensor:
    """Structural similarity of each picture as torchmetrics defines it: 11 x 11 Gaussian, reflected border.

    scikit-image averages the valid region alone and gives another figure for the same pair.

    Args:
        restored: ``[N, C, H, W]`` in [0, 1].
        sharp: likewise.

    Returns:
        ``[N]``.
    """
    ssim = structural_similarity_index_measure(restored, sharp, data_range=(0.0, 1.0), reduction="none")
    return torch.as_tensor(ssim).reshape(-1)  # one picture comes back without its axis


class RestorationMetrics(Metric):
    """PSNR, SSIM and further figures of each picture, by name.

    Every picture counts once, by its name: the copies with which distributed samplers fill up the last round, and
    a picture scored twice, change nothing. So the mean is the single-process one on any number of processes.

    Args:
        further: names of the figures given to `update` beside PSNR and SSIM.
        quantize: round ``restored`` to 8 bits first, as a PNG would.
    """

    full_state_update = False
    higher_is_better = True

    def __init__(self, further: Sequence[str] = (), quantize: bool = False) -> None:
        super().__init__()
        self.columns = ("psnr", "ssim", *further)
        self.quantize = quantize
        self.set_dtype(torch.float64)
        for state in ("names", *self.columns):
            self.add_state(f"_{state}", default=[], dist_reduce_fx="cat")

    def update(self, restored: Tensor, sharp: Tensor, names: Sequence[str], **further: Tensor) -> None:
        """Score one batch.

        Args:
            restored: ``[N, C, H, W]`` in [0, 1].
            sharp: likewise.
            names: N names, each unique to its picture.
            **further: ``[N]`` figures under the names given at construction.

        Raises:
            ValueError: sizes differ, a value is no number, or the figures are not those announced.
        """
        if restored.shape != sharp.shape:
            raise ValueError(
                f"restored is {list(restored.shape)}, but sharp is {list(sharp.shape)}. Score pictures of one size."
            )
        if set(further) != set(self.columns[2:]):
            raise ValueError(
                f"figures are {sorted(further)}, but {sorted(self.columns[2:])} were announced. Match them."
            )
        restored, sharp = restored.double().clamp(0, 1), sharp.double().clamp(0, 1)
        if not (restored.isfinite().all() and sharp.isfinite().all()):
            raise ValueError(f"{', '.join(names)}: a pixel is NaN, but scores need numbers. Look at its restoration.")
        if self.quantize:
            restored = (restored * 255).round() / 255
        rows = {"psnr": picture_psnr(restored, sharp), "ssim": picture_ssim(restored, sharp), **further}
        for column, values in rows.items():
            self._state(column).append(values.detach().double())
        self._state("names").append(torch.cat([_encode(name) for name in names]).to(restored.device))

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
