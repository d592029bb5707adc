"""GrowingLog: a CSV log that an interrupted training goes on with."""

import contextlib
import csv
import warnings
from argparse import Namespace
from pathlib import Path
from typing import Any

from lightning_fabric.loggers.csv_logs import _ExperimentWriter
from lightning_fabric.loggers.logger import _DummyExperiment, rank_zero_experiment
from lightning_utilities.core.rank_zero import rank_zero_only
from pytorch_lightning.loggers import CSVLogger

from deblur_lightning.whole_file import whole_file


class GrowingLog(CSVLogger):
    """Lightning's CSVLogger, except that rows are on disk at once and a run resumed in its own folder keeps them.

    Rows of steps that the resumed run makes again are replaced, and so are all once a run is said to begin anew there
    (`begin_anew`, as `lightning fit` without a checkpoint to go on from does).
    """

    _silent = _anew = False

    @property
    def placed(self) -> bool:
        """Whether its folder was told, not found by counting up."""
        return self._version is not None

    def go_on_in(self, run: Path) -> None:
        """Write to the folder of an earlier run."""
        self._save_dir = self._root_dir = str(run.parent)
        self._name, self._version = "", run.name

    def begin_anew(self) -> None:
        """Replace whatever an earlier run left in the folder."""
        self._anew = True

    def be_silent(self) -> None:
        """Write nothing, and make no folder: what is only scored or restored makes no run."""
        self._silent = True

    @property
    @rank_zero_experiment
    def experiment(self) -> _ExperimentWriter:
        """Put the earlier log aside before Lightning's writer deletes it."""
        if self._silent:
            return _DummyExperiment()  # type: ignore[return-value] # as on processes but the first
        if self._experiment is None:
            if self._log.is_file():
                self._log.replace(self._earlier)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Experiment logs directory")  # which says it would delete them
                self._experiment = CSVLogger.experiment.fget(self)  # type: ignore[attr-defined]
        return self._experiment

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, Any], step: int | None = None) -> None:
        """Write a row, at once; the first one tells where the run goes on."""
        if self._silent:
            return
        self._bring_back(self.experiment, set(metrics), step)
        super().log_metrics(metrics, step)
        self.save()

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Write what is left; bring the earlier rows back even if there was nothing to add.

        A run that failed before it had anything to keep leaves no folder.
        """
        if self._silent:
            return
        if self._experiment is not None:
            self._bring_back(self._experiment, set(), None)
        super().finalize(status)
        if status == "failed":
            with contextlib.suppress(OSError):  # there is something in it
                Path(self.log_dir).rmdir()

    @rank_zero_only
    def log_hyperparams(self, params: dict[str, Any] | Namespace | None = None) -> None:
        """Keep the arguments beside the rows."""
        if not self._silent:
            super().log_hyperparams(params)

    @rank_zero_only
    def save(self) -> None:
        """Write what is there."""
        if not self._silent:
            super().save()

    @property
    def _log(self) -> Path:
        return Path(self.log_dir) / "metrics.csv"

    @property
    def _earlier(self) -> Path:
        return Path(self.log_dir) / "metrics.earlier.csv"

    def _bring_back(self, writer: _ExperimentWriter, keys: set[str], step: int | None) -> None:
        """Copy earlier rows before ``step``, and those of ``step`` itself that hold nothing of ``keys``."""
        if not self._earlier.is_file():
            return
        if self._anew and step is not None:
            self._earlier.unlink()
            return
        rows = _whole_rows(self._earlier)
        if step is not None:
            rows = [
                row
                for row in rows
                if int(row["step"]) < step or (int(row["step"]) == step and not any(row.get(key) for key in keys))
            ]
        if rows:
            writer.metrics_keys = sorted(rows[0])
            with whole_file(self._log) as part, part.open("w", newline="") as file:
                table = csv.DictWriter(file, writer.metrics_keys)
                table.writeheader()
                table.writerows(rows)
        self._earlier.unlink()


def _whole_rows(log: Path) -> list[dict[str, str]]:
    """Read a log's rows, but for one that a full disk or a crash cut short: it has no end of line, or no step."""
    text = log.read_text(encoding="utf-8", errors="replace")
    whole = text[: text.rfind("\n") + 1].replace("\0", "")
    return [row for row in csv.DictReader(whole.splitlines()) if (row.get("step") or "").isdecimal()]
