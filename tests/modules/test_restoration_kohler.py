from pathlib import Path

import pytest
import torch
from pytorch_lightning import Trainer

from deblur_lightning.callbacks import RecordResults, SaveRestored
from deblur_lightning.commands.score_kohler.scores import score_folders
from deblur_lightning.data import KohlerDataModule, write_kohler_sample
from deblur_lightning.deblurring import Deblurred, Deblurrer
from deblur_lightning.modules import RestorationModule
from deblur_lightning.reports.results import read_results


class Brighten(Deblurrer):
    def forward(self, blurry, exposure=None):
        return Deblurred(blurry.pow(0.9))


def test_testing_on_kohler_scores_as_the_command_does_on_the_written_pictures(tmp_path: Path) -> None:
    write_kohler_sample(tmp_path / "set", images=1, trajectories=3, frames=31, size=161)
    module = RestorationModule(Brighten())
    trainer = Trainer(
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[SaveRestored(tmp_path / "restored"), RecordResults(store=tmp_path / "results.jsonl")],
    )
    data = KohlerDataModule(tmp_path / "set")
    (logged,) = trainer.test(module, data, verbose=False)
    (scored,) = score_folders([tmp_path / "restored"], tmp_path / "set")
    expected = {f"Blurry{which}": pytest.approx(score[:2], rel=1e-12) for which, score in scored.scores.items()}
    assert module.test_rows == expected
    assert logged == {"test/psnr": pytest.approx(scored.psnr), "test/mssim": pytest.approx(scored.mssim)}
    (result,) = read_results(tmp_path / "results.jsonl")
    assert result.dataset == "Köhler sample"
    assert result.seconds == round(module.restoring_seconds, 3) > 0
    assert result.metrics["mssim"] == logged["test/mssim"]
    assert module.test_columns == ("psnr", "mssim")
    restored = torch.cat(trainer.predict(module, data))
    assert restored.shape == (3, 3, 161, 161)
    assert restored.isfinite().all()
