import pytest
import torch
from pytorch_lightning import LightningDataModule, Trainer
from torch.utils.data import DataLoader

from deblur_lightning.callbacks import ShowPictures
from deblur_lightning.deblurring import Deblurred, Deblurrer
from deblur_lightning.field import delta_field
from deblur_lightning.modules import RestorationModule
from deblur_lightning.reports.page import read_pictures

# Lightning advises on numbers of workers, which a run of seconds does not need.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:1 of 3 pictures"),  # of which one is not blurred at all
]


class Brighter(Deblurrer):
    """Restores by adding light, and sees motion if it is told to."""

    def __init__(self, sees_motion):
        super().__init__()
        self.sees_motion = sees_motion

    def field(self, blurry, exposure=None):
        return delta_field(blurry, 5)

    def forward(self, blurry, exposure=None):
        return Deblurred(blurry + 0.2, self.field(blurry) if self.sees_motion else None)


class Three(LightningDataModule):
    table_name = "Tiny"

    def test_dataloader(self):
        blurry = torch.full((3, 16, 20), 0.4)
        samples = [{"blurry": blurry, "sharp": blurry + 0.2, "name": f"{place}/1"} for place in "abc"]
        samples[1]["sharp"] = blurry
        return DataLoader(samples, batch_size=2)


def run(tmp_path, module, **options):
    callbacks = [ShowPictures(tmp_path / "page", **options)]
    trainer = Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False, callbacks=callbacks,
    )  # fmt: skip
    trainer.test(RestorationModule(module), Three(), verbose=False)
    return read_pictures(tmp_path / "page")


def test_every_picture_of_a_test_is_added_with_its_motion_and_scores(tmp_path):
    records = run(tmp_path, Brighter(sees_motion=True), method="Adaptive")
    assert [(one["dataset"], one["name"]) for one in records] == [("Tiny", "a/1"), ("Tiny", "b/1"), ("Tiny", "c/1")]
    assert [one["title"] for one in records[0]["pictures"]] == ["Blurry", "Adaptive", "Sharp"]
    assert [one["title"] for one in records[0]["fields"]] == ["Adaptive"]
    assert records[0]["scores"]["Blurry"]["psnr"] == pytest.approx(13.979, abs=0.001)  # 0.2 everywhere
    assert records[0]["scores"]["Adaptive"].get("psnr", 200) > 100  # all but perfect


def test_a_second_method_stands_beside_the_first(tmp_path):
    run(tmp_path, Brighter(sees_motion=True), method="Adaptive")
    records = run(tmp_path, Brighter(sees_motion=False), dataset="Tiny", every=2)
    titles = [[one["title"] for one in record["pictures"]] for record in records]
    both = ["Blurry", "Adaptive", "Brighter", "Sharp"]
    assert titles == [both, ["Blurry", "Adaptive", "Sharp"], both]
    assert [one["title"] for one in records[0]["fields"]] == ["Adaptive"]


def test_every_counts(tmp_path):
    with pytest.raises(ValueError, match=r"every is 0.*Pass 1 or more"):
        ShowPictures(every=0)
