import pytest
import torch

from deblur_lightning.batch import check_batch
from deblur_lightning.data import (
    CameraMotion,
    DeadLeaves,
    MotionBlurDataModule,
    ObjectMotion,
    Samples,
    Unmoved,
    WheelPhotos,
)

SMALL = {
    "crop_size": 40,
    "kernel_size": 17,
    "num_workers": 0,
    "samples": Samples(6, 4),
    "batch_size": 2,
}
NEAR = {"extent": (0.0, 16.0)}


def module_of(**arguments):
    sources = [DeadLeaves(pictures=2, side=128), WheelPhotos()]
    motions = [CameraMotion(**NEAR), ObjectMotion(**NEAR), Unmoved(0.2)]
    return MotionBlurDataModule(sources, motions, **{**SMALL, **arguments})


def test_a_batch_is_one():
    module = module_of()
    module.setup("validate")
    for batch in module.val_dataloader():
        check_batch(batch)
        assert batch["blurry"].shape == batch["sharp"].shape == (2, 3, 40, 40)


def test_a_sample_depends_on_seed_epoch_and_index_alone():
    module, other = module_of(), module_of(seed=1)
    module.setup("fit")
    other.setup("fit")
    first = module.train_set[(3, 2)]
    module.train_set[(0, 1)]
    assert torch.equal(module.train_set[(3, 2)]["blurry"], first["blurry"])
    assert module.train_set[(3, 2)]["name"] == first["name"]
    for another in (module.train_set[(4, 2)], module.train_set[(3, 3)], other.train_set[(3, 2)]):
        assert not torch.equal(another["blurry"], first["blurry"])


def test_validation_and_training_see_different_scenes_of_different_photographs():
    module = module_of()
    module.setup("fit")
    assert not torch.equal(module.val_set[0]["sharp"], module.train_set[(0, 0)]["sharp"])
    photos = [{photo.name for photo in split.scenes.sources[1].photos} for split in (module.train_set, module.val_set)]
    assert photos[0].isdisjoint(photos[1])


def test_pictures_are_moved_by_any_of_the_motions_named():
    module = MotionBlurDataModule([WheelPhotos(softness=0.0)], [Unmoved()], **SMALL)
    module.sensor = type(module.sensor)(noise=(0.0, 0.0), jpeg=0.0, bright=0.0)
    module.setup("validate")
    for sample in (module.val_set[index] for index in range(4)):
        assert (sample["blurry"] - sample["sharp"]).abs().max() <= 0.51 / 255 + 1e-3
    module.motions = [CameraMotion(extent=(12.0, 16.0))]
    module.setup("validate")
    assert all((s["blurry"] - s["sharp"]).abs().max() > 0.05 for s in (module.val_set[index] for index in range(4)))


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ({"kernel_size": 8}, "kernel_size is 8, .* Pass 9"),
        ({"batch_size": 0}, "batch_size is 0, .* Pass at least 1"),
        ({"max_objects": 300}, "max_objects is 300, .* Pass 3"),
    ],
)
def test_what_cannot_be_is_refused(arguments, remedy):
    with pytest.raises(ValueError, match=remedy):
        module_of(**arguments)


def test_weights_that_draw_nothing_are_refused():
    with pytest.raises(ValueError, match=r"motions all have weight 0, .* above 0"):
        MotionBlurDataModule([WheelPhotos()], [Unmoved(0.0)])
    with pytest.raises(ValueError, match=r"sources have a negative weight .* above 0"):
        MotionBlurDataModule([WheelPhotos(-1.0)])


def test_an_index_beyond_the_epoch_is_refused():
    module = module_of()
    module.setup("validate")
    with pytest.raises(IndexError, match="index is 4, but there are 4 samples"):
        module.val_set[4]
