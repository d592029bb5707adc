"""Which folder a run writes to: a resumed one to its own, and what only scores or restores to none."""

from pathlib import Path

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback, ModelSummary
from pytorch_lightning.cli import SaveConfigCallback

from deblur_lightning.callbacks import GrowingLog, NetworkSummary

SIGNS = ("config.yaml", "metrics.csv")  # of a run's folder


class FitConfig(SaveConfigCallback):
    """Keep a training's configuration beside its log; of a test or a prediction the results store tells."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write it where something is trained."""
        if stage == "fit":
            super().setup(trainer, pl_module, stage)


def run_of(checkpoint: Path) -> Path | None:
    """Tell whose ``last.ckpt`` a checkpoint is.

    Another checkpoint of a run may be gone on from too, but not in its folder: that would take away what came after.

    Returns:
        The run's folder; None for other checkpoints, and for a ``last.ckpt`` that lies elsewhere.
    """
    checkpoint = checkpoint.absolute()  # of a bare name too, within its folder
    run = checkpoint.parent.parent
    inside = checkpoint.name == "last.ckpt" and checkpoint.parent.name == "checkpoints"
    return run if inside and any((run / sign).is_file() for sign in SIGNS) else None


def settle_log(trainer: Trainer, *, trains: bool, checkpoint: Path | None, goes_on: bool = True) -> None:
    """Have a resumed training go on in its folder, and what trains nothing make none; unless a version was told.

    Args:
        trainer: whose loggers they are.
        trains: whether it is to fit.
        checkpoint: to go on from, where it is a file.
        goes_on: whether it goes on from one at all, such as the ``last`` that there is.
    """
    run = run_of(checkpoint) if checkpoint else None
    for log in trainer.loggers:
        if not isinstance(log, GrowingLog):
            continue
        if trains and not (goes_on and (checkpoint is not None or _has_checkpoints(Path(log.log_dir)))):
            log.begin_anew()
        if not log.placed:
            if not trains:
                log.be_silent()
            elif run is not None:
                log.go_on_in(run)


def _has_checkpoints(run: Path) -> bool:
    """Tell whether a run's folder has one that ``last`` or ``best`` may stand for."""
    return any((run / "checkpoints").glob("*.ckpt"))


def sum_up_networks(trainer: Trainer, told: list[Callback]) -> None:
    """Put our summary in the place of Lightning's own, unless one was asked for.

    Args:
        trainer: whose callbacks they are.
        told: callbacks of the configuration.
    """
    if not any(isinstance(callback, ModelSummary) for callback in told):
        callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
        callbacks[:] = [NetworkSummary() if isinstance(one, ModelSummary) else one for one in callbacks]
