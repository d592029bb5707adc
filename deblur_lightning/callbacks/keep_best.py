"""KeepBest: the best checkpoint of a run, however often the run is stopped and goes on."""

import os
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.callbacks import ModelCheckpoint

NAME = "best"


class KeepBest(ModelCheckpoint):
    """Keep ``best.ckpt``, which a run that goes on in its folder never replaces by a worse one.

    Lightning forgets the best score where the folder's path reads otherwise, relative or moved, and then writes a
    worse ``best-v1.ckpt``; and where a run was killed after its best checkpoint, but before the next ``last.ckpt``, it
    goes by the older score. Here the score that counts is the one of the file that is there.

    Args:
        monitor: the metric.
        mode: whether more of it is better, ``max``, or less, ``min``.
    """

    def __init__(self, monitor: str = "val/psnr", mode: str = "max") -> None:
        super().__init__(monitor=monitor, mode=mode, filename=NAME)

    @property
    def state_key(self) -> str:
        """What checkpoints call its state: as Lightning's own, so that either reads the other's."""
        return super().state_key.replace(type(self).__qualname__, ModelCheckpoint.__qualname__, 1)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the score of the best checkpoint in this run's folder; without one, begin anew."""
        path = os.path.join(str(self.dirpath), f"{NAME}{self.FILE_EXTENSION}")  # noqa: PTH118 - as Lightning spells it
        score = self._score_of(Path(path))
        if score is not None:
            super().load_state_dict(
                {
                    "dirpath": self.dirpath,
                    "best_model_path": path,
                    "best_model_score": score,
                    "best_k_models": {path: score},
                    "kth_best_model_path": path,
                    "kth_value": score,
                    "last_model_path": "",
                }
            )

    def _score_of(self, path: Path) -> torch.Tensor | None:
        """Read what a best checkpoint scored; None where there is none that tells."""
        try:
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            score = content["callbacks"][self.state_key]["best_model_score"]
        except (OSError, RuntimeError, LookupError, TypeError, ValueError):
            return None
        return score if isinstance(score, torch.Tensor) else None
