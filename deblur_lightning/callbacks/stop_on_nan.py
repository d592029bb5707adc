"""StopOnNaN: a training whose numbers break stops there, with all that is needed to see why."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor
from torch.optim import Optimizer

from deblur_lightning.batch import Batch
from deblur_lightning.field import KernelField
from deblur_lightning.whole_file import os_error, whole_file


class StopOnNaN(Callback):
    """Stop at the first loss or gradient that is NaN or infinite, before it reaches the weights.

    The step's batch and the weights that it met are saved beside the logs, as ``failed-step-N-rank-R.pt``; see
    `load_failed_step`. Works in automatic and manual optimisation; with several processes all stop together. Reading
    the loss waits for the GPU once a backward pass. Under ``16-mixed`` gradients may overflow, which its loss scaling
    skips by itself, so there losses alone are watched.
    """

    def __init__(self) -> None:
        self._batch: Any = None
        self._batch_idx = 0

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:  # noqa: ANN401
        """Remember the batch."""
        self._batch, self._batch_idx = batch, batch_idx

    def on_before_backward(self, trainer: Trainer, pl_module: LightningModule, loss: Tensor) -> None:
        """Look at a loss.

        Raises:
            ValueError: it is not finite.
        """
        sound = bool(loss.isfinite().all())
        together = sound if trainer.world_size == 1 else trainer.strategy.reduce_boolean_decision(sound)
        if not together:
            logged = ((name, value) for name, value in trainer.callback_metrics.items() if name.startswith("train/"))
            parts = [f"{name} {value:.4g}" for name, value in logged if not value.isfinite()]
            what = ", ".join(parts) or f"the loss {loss.detach().mean().item():.4g}"
            self._stop(trainer, pl_module, what if not sound else "a broken loss on another process", together=True)

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """Look at the gradients.

        Raises:
            ValueError: one is not finite.
        """
        if trainer.precision == "16-mixed":
            return
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        if not torch.nn.utils.get_total_norm(gradients).isfinite():
            named = {id(p): name for name, p in pl_module.named_parameters()}
            broken = (p for group in optimizer.param_groups for p in group["params"] if p.grad is not None)
            first = next((named[id(p)] for p in broken if not p.grad.isfinite().all()), "all parameters together")
            self._stop(trainer, pl_module, f"the gradient of {first} not finite")

    def _stop(self, trainer: Trainer, pl_module: LightningModule, what: str, together: bool = False) -> None:
        step, names = trainer.global_step, list(self._batch["name"]) if "name" in self._batch else []
        path = Path(trainer.log_dir or trainer.default_root_dir) / f"failed-step-{step}-rank-{trainer.global_rank}.pt"
        content = {
            "batch": _plain(self._batch),
            "state_dict": pl_module.state_dict(),
            "hyper_parameters": dict(pl_module.hparams),
            "module": type(pl_module).__name__,
            "epoch": trainer.current_epoch,
            "batch_idx": self._batch_idx,
        }
        told = f"Look at it with deblur_lightning.callbacks.load_failed_step({str(path)!r})."
        try:
            with whole_file(path) as part, part.open("wb") as file:
                torch.save(content, file)
        except (OSError, RuntimeError) as error:  # which must not hide what broke, nor keep other processes waiting
            cause = os_error(error) or error
            told = f"Its batch could not be saved as {path} ({getattr(cause, 'strerror', None) or cause})."
        if together:
            trainer.strategy.barrier()  # the first process to leave ends the others
        broken = [key for key, value in _tensors(self._batch) if not value.isfinite().all()]
        inputs = f"In the batch, {', '.join(broken)} is not finite already. " if broken else ""
        raise ValueError(
            f"step {step} (epoch {trainer.current_epoch}, batch {self._batch_idx} of {', '.join(names)}) has {what}, "
            f"but training needs finite numbers. {inputs}{told}"
        )


def load_failed_step(path: Path | str) -> tuple[Batch, dict[str, Any]]:
    """Read what `StopOnNaN` saved.

    Args:
        path: the file that its message names.

    Returns:
        The batch, and a dict of ``state_dict``, ``hyper_parameters``, ``module`` (its class's name), ``epoch`` and
        ``batch_idx``: load the weights and call ``training_step(batch, batch_idx)``.
    """
    content = torch.load(path, map_location="cpu", weights_only=True)
    batch = content.pop("batch")
    if "field" in batch:
        batch["field"] = KernelField(*batch["field"])
    return cast("Batch", batch), content


def _plain(batch: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a batch into what loads without running code."""
    return {key: tuple(value) if isinstance(value, KernelField) else value for key, value in batch.items()}


def _tensors(batch: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    for key, value in batch.items():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Tensor):
                yield key, part
