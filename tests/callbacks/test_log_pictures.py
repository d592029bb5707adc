"""Pictures to Weights & Biases without an account or a network, and to files without it."""

import json
import sys
from pathlib import Path

import pytest
import torch
import wandb
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio
from small_models import small_config

from deblur_lightning.callbacks.log_pictures import COLUMNS, Sample, cells_of
from deblur_lightning.lightning_cli import main as cli

WANDB = Path(__file__).parents[2] / "experiments" / "loggers" / "wandb.yaml"
KINDS = ("restored", "basis", "coefficients", "field")
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:.*logging interval.*"),
]


@pytest.fixture
def fit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(small_config(trainer={"max_epochs": 3, "limit_train_batches": 1}))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["lightning", "fit", "--config", "tiny.yaml", *arguments])
        cli.main()

    return run


@pytest.mark.slow
def test_offline_weights_and_biases_needs_no_account_and_gets_pictures_at_the_cadence(fit, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    fit("--config", str(WANDB))
    wandb.finish()
    wandb.teardown()  # its own process writes the file: wait until it has ended
    (run,) = Path("results/wandb").glob("offline-run-*")
    assert next(run.glob("*.wandb")).stat().st_size > 1000
    for picture in (0, 1):
        for kind in KINDS:
            shown = list(run.glob(f"files/media/images/pictures/{picture}-{kind}_*.png"))
            assert len(shown) == 2, kind  # of the first and the third validation
            with Image.open(shown[0]) as figure:
                assert min(figure.size) > 100
    tables = [json.loads(path.read_text()) for path in run.glob("files/media/table/pictures/table_*.table.json")]
    assert len(tables) == 2
    for table in tables:
        assert tuple(table["columns"]) == COLUMNS
        assert len(table["data"]) == 2
        for name, psnr, blurry_psnr, *pictures in table["data"]:
            assert isinstance(name, str)
            assert 0 < psnr < 100
            assert 0 < blurry_psnr < 100
            assert pictures == ["Image"] * 4  # as wandb notes what it keeps beside the table
    log = Path("results/runs/version_0/metrics.csv").read_text()
    assert "val/psnr" in log
    assert "table" not in log


def test_without_weights_and_biases_pictures_are_files(fit):
    fit("--trainer.callbacks=LogPictures", "--trainer.callbacks.pictures=1", "--trainer.max_epochs=1")
    pictures = {path.name for path in Path("results/runs/version_0/pictures").iterdir()}
    assert pictures == {f"0-{kind}-step-1.png" for kind in KINDS}


def test_a_row_of_the_table_has_the_scores_of_its_pictures():
    sharp = torch.rand(1, 3, 24, 20, generator=torch.Generator().manual_seed(0))
    blurry, restored = 0.8 * sharp, 0.95 * sharp
    psnr, blurry_psnr, *pictures = cells_of(Sample(blurry, restored, sharp, None))
    reference = sharp.double().numpy()
    assert psnr == pytest.approx(peak_signal_noise_ratio(reference, restored.double().numpy(), data_range=1), abs=1e-3)
    assert blurry_psnr == pytest.approx(
        peak_signal_noise_ratio(reference, blurry.double().numpy(), data_range=1), abs=1e-3
    )
    assert all(torch.equal(cell, one[0]) for cell, one in zip(pictures, (blurry, restored, sharp), strict=True))
    assert cells_of(Sample(blurry, restored, None, None))[:2] == [None, None]
