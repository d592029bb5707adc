import pickle

import pytest
import torch

from deblur_lightning.data import SampleBlur, SampleBlurDataModule
from deblur_lightning.data.scenes.wheel_photos import WHEEL_PHOTOS
from deblur_lightning.field import KernelField, check_field
from deblur_lightning.physics import blur, saturate, to_display, to_linear


@pytest.fixture(scope="module")
def pictures():
    return SampleBlur(crop_size=48, kernel_size=13, per_photo=2)


def test_pictures_of_every_kind_come_from_photographs_that_training_never_sees(pictures):
    names = [entry.name for entry in pictures.entries]
    assert len(names) == len(set(names)) == 18
    assert names[0] == "turning/astronaut-1"
    assert {name.split("/")[0] for name in names} == {"turning", "objects", "still"}
    photos = {name.split("/")[1].rsplit("-", 1)[0] for name in names}
    assert not photos & {*WHEEL_PHOTOS["train"], *WHEEL_PHOTOS["val"]}
    assert not set(WHEEL_PHOTOS["train"]) & set(WHEEL_PHOTOS["val"])


def test_each_picture_is_its_scene_blurred_by_its_field_within_noise(pictures):
    for sample in pictures:
        field = KernelField(*(part.unsqueeze(0) for part in sample["field"]))
        check_field(field)
        again = to_display(saturate(blur(to_linear(sample["scene"].unsqueeze(0)), field, padding="valid")))[0]
        error = (again - sample["blurry"])[again > 0.2]
        assert error.square().mean().sqrt().item() < 0.01
        assert torch.equal(sample["sharp"], sample["scene"][:, 6:-6, 6:-6])
        assert torch.equal(sample["blurry"], (sample["blurry"] * 255).round() / 255)
        assert (sample["blurry"] - sample["sharp"]).square().mean().sqrt().item() > 0.005


def test_the_pictures_are_the_same_each_time_and_in_another_process(pictures):
    again = SampleBlur(crop_size=48, kernel_size=13, per_photo=2)
    sent = pickle.loads(pickle.dumps(pictures))  # noqa: S301 - our own bytes
    for index in (0, 7):
        assert torch.equal(pictures[index]["blurry"], again[index]["blurry"])
        assert torch.equal(pictures[index]["blurry"], sent[index]["blurry"])


def test_the_data_module_tests_on_one_picture_a_batch():
    module = SampleBlurDataModule(crop_size=40, kernel_size=9, per_photo=1)
    batches = list(module.test_dataloader())
    assert len(batches) == len(list(module.val_dataloader())) == len(list(module.predict_dataloader())) == 9
    assert batches[0]["field"].basis.shape == (1, 25, 9, 9)
    assert batches[-1]["blurry"].shape == (1, 3, 40, 40)
    assert batches[-1]["name"] == ["still/coffee-1"]


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ({"kernel_size": 12}, "Pass 13"),
        ({"crop_size": 400}, "Pass crop_size=268 or less"),
        ({"per_photo": 0}, "per_photo is 0, but there is nothing to do with none"),
        ({"noise": -0.01}, "noise is -0.01, but a standard deviation"),
    ],
)
def test_windows_that_cannot_be_are_refused(arguments, remedy):
    with pytest.raises(ValueError, match=remedy):
        SampleBlur(**arguments)
