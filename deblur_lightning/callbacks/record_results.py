"""Add every `lightning test` to the results store, as any other evaluation."""

import shlex
import sys
import time
from pathlib import Path

from pytorch_lightning import Callback, LightningModule, Trainer

from deblur_lightning.metrics.pictures import IDENTICAL
from deblur_lightning.reports.results import (
    STORE,
    Result,
    append_result,
    check_store,
    device_name,
    file_hash,
    source_commit,
)

UNTRAINED = "(untrained)"
"""Ends the method's name where weights are random: such scores are shown, but no table takes them."""


class RecordResults(Callback):
    """Append a test's means to the results store, and its pictures' scores beside it.

    Args:
        method: the method's name in tables; None takes the module's method.
        dataset: the dataset's name in tables; None takes that of `table_name`, and
            says of how many pictures where ``limit_test_batches`` or the datamodule left some out.
        blur: GoPro's blur, where the dataset has two; None takes the datamodule's ``table_blur``.
        store: the JSON-lines file.
        config: the command or configuration that ran, for the store; None takes this process's command line.

    Raises:
        OSError: before a test: the store cannot be written.
    """

    def __init__(
        self,
        method: str | None = None,
        dataset: str | None = None,
        blur: str | None = None,
        store: Path = STORE,
        config: str | None = None,
    ) -> None:
        self.method, self.dataset, self.blur, self.store, self.config = method, dataset, blur, store, config
        self._started = 0.0

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """See that what a test finds can be written, before it begins."""
        if stage == "test" and trainer.is_global_zero and not self._is_untrained:
            check_store(self.store)

    @property
    def _is_untrained(self) -> bool:
        return (self.method or "").endswith(UNTRAINED)

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock, for modules that do not time their restoring."""
        self._started = time.monotonic()

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write, once, on the first process; figures that are not numbers (an unknown field's) are left out.

        Nothing is written where every pair is identical, which `PictureScores` warns of.
        """
        if not trainer.is_global_zero or trainer.sanity_checking:
            return
        means = {name.removeprefix("test/"): float(value) for name, value in trainer.callback_metrics.items()}
        known = {name: value for name, value in means.items() if abs(value) < float("inf")}
        rows: dict[str, tuple[float, ...]] = getattr(pl_module, "test_rows", {})
        columns: tuple[str, ...] = getattr(pl_module, "test_columns", ())
        identical = int(known.get(IDENTICAL, 0))
        if not known or self._is_untrained or (rows and identical == len(rows)):
            return
        weights = trainer.ckpt_path
        restoring: float | None = getattr(pl_module, "restoring_seconds", None)
        seconds = time.monotonic() - self._started if restoring is None else restoring
        append_result(
            Result(
                method=self.method or str(getattr(pl_module, "method", type(pl_module).__name__)),
                dataset=self.dataset or _with_count(trainer, len(rows)),
                blur=getattr(_data(trainer), "table_blur", "") if self.blur is None else self.blur,
                metrics=known,
                pictures=len(rows) - identical,
                seconds=round(seconds, 3),
                checkpoint=file_hash(weights) if weights else "",
                checkpoint_name=str(weights or ""),
                config=_command_line() if self.config is None else self.config,
                commit=source_commit(),
                device=device_name(pl_module.device),
                restores=restoring is not None,
            ),
            self.store,
            [{"name": name, **dict(zip(columns, values, strict=False))} for name, values in rows.items()],
        )


def _command_line() -> str:
    """Give what was typed: the program's name without its folder, and its arguments."""
    program = Path(sys.argv[0])
    name = f"python -m {program.parent.name}" if program.name == "__main__.py" else program.name
    return f"{name} {shlex.join(sys.argv[1:])}".strip()


def table_name(trainer: Trainer) -> str:
    """Name what is tested: as its datamodule says, or by its class, or that of a loader's dataset."""
    data = _data(trainer)
    if data is None:
        loaders = trainer.test_dataloaders
        first = loaders[0] if isinstance(loaders, list) else loaders
        data = getattr(first, "dataset", first)
    name: str = getattr(data, "table_name", None) or type(data).__name__
    return name


def _with_count(trainer: Trainer, pictures: int) -> str:
    name = table_name(trainer)
    limit = trainer.limit_test_batches
    whole = isinstance(limit, float) and limit == 1 and not getattr(_data(trainer), "tests_part", False)
    return name if whole else f"{name}, {pictures} of its pictures"


def _data(trainer: Trainer) -> object:
    return trainer.datamodule  # type: ignore[attr-defined]
