import shutil
import time

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_lightning import LightningModule, Trainer
from torch.utils.data import DataLoader

from deblur_lightning.callbacks import RecordResults, ShowPictures
from deblur_lightning.data import GoProDataModule, Selection
from deblur_lightning.deblurring import Deblurred, Deblurrer
from deblur_lightning.metrics import RestorationMetrics
from deblur_lightning.modules import RestorationModule
from deblur_lightning.reports.results import read_results

pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers.*")


class Keep(Deblurrer):
    def forward(self, blurry, exposure=None):
        return Deblurred(blurry)


@pytest.fixture
def root(tmp_path):
    for kind, level in (("blur", 100), ("blur_gamma", 110), ("sharp", 120)):
        for frame in range(3):
            path = tmp_path / "GOPRO_Large" / "test" / "GOPR0384_11_00" / kind / f"{frame:06d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((24, 30, 3), level + frame, np.uint8)).save(path)
    return tmp_path / "GOPRO_Large"


def recorded(root, blur, data=None, module=None, **options):
    store = root.parent / "results.jsonl"
    trainer = Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[RecordResults(store=store)], **options,
    )  # fmt: skip
    data = data or GoProDataModule(root, blur, num_workers=0)
    trainer.test(module or RestorationModule(Keep()), data, verbose=False)
    result = read_results(store)[-1]
    return result.dataset, result.blur, result.pictures


def test_gopro_is_recorded_with_its_blur_and_a_part_of_it_under_another_name(root, monkeypatch):
    monkeypatch.setattr("deblur_lightning.data.pairs.gopro.GOPRO_TEST_PAIRS", 3)
    assert recorded(root, "blur_gamma") == ("GoPro", "blur_gamma", 3)
    assert recorded(root, "blur", limit_test_batches=2) == ("GoPro, 2 of its pictures", "blur", 2)


def test_every_ssim_is_recorded_under_its_own_name(root):
    recorded(root, "blur")
    metrics = read_results(root.parent / "results.jsonl")[-1].metrics
    assert set(metrics) == {"blurry_psnr", "psnr", "ssim", "ssim_valid", "cw_ssim"}


def test_other_sets_go_by_their_folder_without_a_blur(root):
    shutil.rmtree(root / "test/GOPR0384_11_00/blur_gamma")
    assert recorded(root, "blur") == ("GOPRO_Large", "", 3)


def test_a_part_of_gopro_with_both_blurs_is_recorded_with_the_one_that_was_tested(root):
    assert recorded(root, "blur") == ("GOPRO_Large", "blur", 3)
    assert recorded(root, "blur_gamma") == ("GOPRO_Large", "blur_gamma", 3)


def test_a_held_out_part_of_a_set_is_recorded_under_another_name_than_all_of_it(root):
    for number in range(3):
        shutil.copytree(root / "test/GOPR0384_11_00", root / f"sequence{number}")
    shutil.rmtree(root / "test")
    assert recorded(root, "blur") == ("GOPRO_Large, 3 of its pictures", "blur", 3)
    data = GoProDataModule(root, "blur", selection=Selection(evaluate_all=True), num_workers=0)
    assert recorded(root, "blur", data) == ("GOPRO_Large", "blur", 9)


class Slow(Deblurrer):
    def forward(self, blurry, exposure=None):
        time.sleep(0.01)
        return Deblurred(blurry)


class Dawdling(RestorationMetrics):
    def update(self, *pictures, **further):
        time.sleep(0.5)
        super().update(*pictures, **further)


def test_seconds_are_of_restoring_without_scoring_and_of_one_test(root):
    module = RestorationModule(Slow())
    module.test_metrics = Dawdling(("blurry_psnr",), wavelets=True)
    for _ in range(2):
        recorded(root, "blur", module=module)
    for result in read_results(root.parent / "results.jsonl"):
        assert 0.03 <= result.seconds < 0.5
        assert result.restores


class Plain(LightningModule):
    def test_step(self, batch, batch_idx):
        self.log("test/psnr", 20.0, batch_size=1)


def test_the_seconds_of_a_module_that_does_not_time_its_restoring_are_not_taken_for_it(root):
    recorded(root, "blur", module=Plain())
    assert not read_results(root.parent / "results.jsonl")[-1].restores


def test_what_ran_is_recorded_with_it(root, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/venv/bin/lightning", "test", "--config", "my config.yaml"])
    recorded(root, "blur")
    monkeypatch.setattr("sys.argv", ["/here/deblur_lightning/__main__.py", "test"])
    recorded(root, "blur")
    configs = [result.config for result in read_results(root.parent / "results.jsonl")]
    assert configs == ["lightning test --config 'my config.yaml'", "python -m deblur_lightning test"]


def test_the_scores_of_random_weights_are_not_stored(root):
    store = root.parent / "results.jsonl"
    callback = RecordResults(method="Adaptive (untrained)", store=store)
    trainer = Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[callback],
    )  # fmt: skip
    (scores,) = trainer.test(RestorationModule(Keep()), GoProDataModule(root, num_workers=0), verbose=False)
    assert scores["test/psnr"] > 0
    assert not store.exists()


def test_a_store_that_cannot_be_written_is_told_before_the_test(root):
    (root.parent / "file").touch()
    trainer = Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[RecordResults(store=root.parent / "file/results.jsonl")],
    )  # fmt: skip
    module = RestorationModule(Keep())
    with pytest.raises(OSError, match=r"file/results.jsonl cannot be written: .*file is a file\. Choose another store"):
        trainer.test(module, GoProDataModule(root, num_workers=0), verbose=False)
    assert not module.test_rows


@pytest.mark.filterwarnings("ignore:.*are identical to what they are compared with")
def test_pictures_that_all_equal_their_sharp_ones_are_not_stored(root):
    same = root / "test/GOPR0384_11_00"
    shutil.rmtree(same / "sharp")
    shutil.copytree(same / "blur", same / "sharp")
    with pytest.raises(IndexError):  # nothing in the store
        recorded(root, "blur")


class Named(list):
    """Pictures without a datamodule."""


def test_without_a_datamodule_the_loaders_data_have_the_name(tmp_path):
    pictures = torch.rand(2, 3, 40, 40)
    data = Named({"blurry": one, "sharp": one.flip(-1), "name": str(number)} for number, one in enumerate(pictures))
    store = tmp_path / "results.jsonl"
    trainer = Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[RecordResults(store=store), ShowPictures(tmp_path / "page")],
    )  # fmt: skip
    trainer.test(RestorationModule(Keep()), DataLoader(data, 1), verbose=False)
    assert read_results(store)[-1].dataset == "Named"
    assert {path.name[:5] for path in (tmp_path / "page").iterdir()} == {"named"}
