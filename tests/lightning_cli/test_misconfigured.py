"""What Lightning itself raises, met on purpose: each becomes one line that names the option."""

import re
import sys

import pytest
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
from pytorch_lightning.demos.boring_classes import BoringModel

from deblur_lightning.data import KohlerDataModule
from deblur_lightning.lightning_cli import main as cli
from deblur_lightning.lightning_cli.misconfigured import misconfigured

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's advice, which these runs of one step do not need


class TwoSteps(BoringModel):
    """Steps by itself, as DeblurGANModule."""

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False


class Logging(BoringModel):
    """Logs under the names that ours do."""

    def validation_step(self, batch, batch_idx):
        self.log("val/psnr", torch.tensor(20.0))


class TwoSets(Logging):
    def val_dataloader(self):
        return [super().val_dataloader(), super().val_dataloader()]


class Plateau(Logging):
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), 0.1)
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "monitor": "val/loss"}}


def run(tmp_path, model=BoringModel, **arguments):
    defaults = {"accelerator": "cpu", "max_epochs": 1, "limit_train_batches": 1, "limit_val_batches": 1}
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    Trainer(**{**defaults, **quiet, "default_root_dir": tmp_path, **arguments}).fit(model())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"model": TwoSteps, "accumulate_grad_batches": 4},
            "accumulate_grad_batches is 4, but .* by themselves. Pass --model.init_args.accumulate 4 instead.",
        ),
        ({"model": TwoSteps, "gradient_clip_val": 0.5}, "gradient_clip_val is 0.5, but .* Leave it out."),
        (
            {"model": Logging, "callbacks": [EarlyStopping("val/loss")]},
            "Early stopping watches val/loss, but what is logged is val/psnr. Watch one of these.",
        ),
        (
            {"model": Logging, "callbacks": [ModelCheckpoint(monitor="val/loss")], "enable_checkpointing": True},
            "ModelCheckpoint watches val/loss, but what is logged is val/psnr. Watch one of these.",
        ),
        ({"model": Plateau}, "ReduceLROnPlateau watches val/loss, but what is logged is val/psnr. Watch one of these."),
        ({"model": LightningModule}, "fit trains, but the model only restores and scores. .* run `lightning test`."),
        ({"model": TwoSets}, "the data have several loaders for val, but means .* Pass one at a time."),
        (
            {"callbacks": [ModelCheckpoint()], "enable_checkpointing": False},
            "checkpointing is disabled, but `lightning fit` keeps the last and the best state. .* out.",
        ),
        ({"devices": 0}, r"`Trainer\(devices=0\)` value is not a valid input using cpu accelerator."),
        pytest.param(
            {"accelerator": "gpu"}, "accelerator is gpu, but PyTorch finds none here. Pass .* auto, or cpu.",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU"),
        ),
    ],
)  # fmt: skip
def test_what_lightning_refuses_is_said_in_a_line(tmp_path, arguments, said):
    with pytest.raises((MisconfigurationException, RuntimeError)) as refused:
        run(tmp_path, **arguments)
    line = misconfigured(refused.value, certain=isinstance(refused.value, MisconfigurationException))
    assert re.fullmatch(said, line)


def test_an_error_of_ours_in_the_middle_of_a_run_keeps_its_traceback():
    assert misconfigured(RuntimeError("mat1 and mat2 shapes cannot be multiplied"), certain=False) is None


def test_a_long_message_that_nothing_is_known_of_is_cut_at_a_sentence():
    long = "This is wrong. " * 40
    assert misconfigured(MisconfigurationException(long), certain=True).endswith("wrong.")
    assert len(misconfigured(MisconfigurationException(long), certain=True)) <= 300


def test_the_command_says_it_and_exits(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gan.yaml").write_text(
        "trainer: {accelerator: cpu, max_epochs: 1, logger: false, callbacks: [], enable_progress_bar: false}\n"
        "model: {class_path: pytorch_lightning.demos.boring_classes.BoringModel}\n"
        "data: {class_path: pytorch_lightning.demos.boring_classes.BoringDataModule}\n"
    )
    monkeypatch.setattr(sys, "argv", ["lightning", "fit", "--config", "gan.yaml", "--trainer.devices", "0"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == "lightning: `Trainer(devices='0')` value is not a valid input using cpu accelerator."


def test_a_seed_beyond_numpys_is_named():
    with pytest.raises(SystemExit) as end:
        cli.main(["fit", "--seed_everything", "-3", "--model", "BoringModel", "--data", "BoringDataModule"])
    assert end.value.code == "lightning: seed_everything is -3, but seeds are 0 to 4294967295. Pass one of these."


def test_koehler_names_the_stage_as_people_type_it(tmp_path):
    trainer = Trainer(accelerator="cpu", logger=False, max_epochs=1, enable_checkpointing=False)
    with pytest.raises(ValueError, match=r"stage is fit, but Köhler is a test set"):
        trainer.fit(BoringModel(), datamodule=KohlerDataModule(tmp_path))
