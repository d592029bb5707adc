import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from deblur_lightning.data import (
    DeadLeaves,
    PaperSensor,
    Samples,
    Scene,
    SceneSource,
    SyntheticBlur,
    SyntheticBlurDataModule,
    WheelPhotos,
)
from deblur_lightning.field import check_field
from deblur_lightning.physics import blur, saturate, to_display, to_linear


def small(**arguments):
    defaults = {
        "sources": [DeadLeaves(pictures=2, side=120), WheelPhotos()],
        "crop_size": 40,
        "kernel_size": 9,
        "samples": Samples(10, 4, 4),
        "batch_size": 5,
        "num_workers": 0,
    }
    return SyntheticBlurDataModule(**{**defaults, **arguments})


@pytest.fixture(scope="module")
def train_set():
    module = small()
    module.setup("fit")
    return module.train_set


def same(first, second):
    return all(torch.equal(first[key], second[key]) for key in ("blurry", "sharp", "scene", "weights")) and all(
        torch.equal(one, other) for one, other in zip(first["field"], second["field"], strict=True)
    )


def test_a_batch_holds_what_modules_expect():
    module = small()
    module.setup("fit")
    batch = next(iter(module.train_dataloader()))
    assert batch["blurry"].shape == batch["sharp"].shape == (5, 3, 40, 40)
    assert batch["scene"].shape == (5, 3, 48, 48)
    assert batch["field"].basis.shape == (5, 4, 9, 9)
    assert batch["field"].coefficients.shape == (5, 4, 40, 40)
    assert batch["weights"].shape == (5, 40, 40)
    assert all(batch[key].dtype == torch.float32 for key in ("blurry", "sharp", "scene", "weights"))
    assert batch["blurry"].min() >= 0
    assert batch["blurry"].max() <= 1
    assert len(set(batch["name"])) == 5
    check_field(batch["field"])


def test_blurring_the_scene_with_the_field_gives_the_blurry_picture_within_noise(train_set):
    for sample in train_set.__getitems__(range(6)):
        field = type(sample["field"])(*(part.unsqueeze(0) for part in sample["field"]))
        light = blur(to_linear(sample["scene"].unsqueeze(0)), field, padding="valid")
        again = to_display(saturate(light)).clamp(0, 1)[0]
        error = (again - sample["blurry"])[again > 0.2]
        assert error.square().mean().sqrt().item() < 0.01
        assert error.mean().abs().item() < 0.002
        assert torch.equal(sample["sharp"], sample["scene"][:, 4:-4, 4:-4].clamp(0, 1))


def test_bright_scenes_outshine_the_sensor(train_set):
    peaks = [train_set[index]["scene"].max().item() for index in range(10)]
    assert max(peaks) > 1.1
    assert max(peaks) <= 3 ** (1 / 2.2) + 1e-4


def test_objects_that_are_not_there_have_no_pixels_and_a_delta_kernel(train_set):
    absent = 0
    for sample in train_set.__getitems__(range(10)):
        basis, coefficients = sample["field"]
        for kernel, share in zip(basis, coefficients, strict=True):
            if share.max() == 0 and kernel[4, 4] == 1:
                absent += 1
                assert kernel.sum() == 1
    assert absent > 0


def test_weights_count_every_segment_alike(train_set):
    for sample in train_set.__getitems__(range(4)):
        seen = (sample["field"].coefficients.flatten(1).sum(1) > 0).sum().item()
        assert sample["weights"].sum().item() == pytest.approx(seen, rel=1e-4)


def test_a_sample_alone_is_the_sample_in_a_batch_bit_for_bit(train_set):
    batch = train_set.__getitems__([(2, 7), (0, 1), (2, 3)])
    for key, sample in zip([(2, 7), (0, 1), (2, 3)], batch, strict=True):
        assert same(sample, train_set[key])
    assert same(train_set[1], batch[1])


def test_samples_differ_between_indices_epochs_seeds_and_splits(train_set):
    other = small(seed=1)
    other.setup("fit")
    samples = [train_set[(0, 0)], train_set[(0, 1)], train_set[(1, 0)], other.train_set[0], other.val_set[0]]
    pictures = {sample["blurry"].numpy().tobytes() for sample in samples}
    assert len(pictures) == 5


@pytest.mark.slow
def test_two_loading_processes_give_the_same_batches_as_none():
    batches = []
    for workers in (0, 2):
        module = small(num_workers=workers)
        module.setup("fit")
        batches.append([list(module.train_dataloader()), list(module.val_dataloader())])
    for alone, together in zip(*batches, strict=True):
        assert [batch["name"] for batch in alone] == [batch["name"] for batch in together]
        assert all(same(one, other) for one, other in zip(alone, together, strict=True))


def test_validation_is_the_same_each_time_and_names_tell_its_source():
    module = small()
    module.setup("validate")
    first, second = (list(module.val_dataloader()) for _ in range(2))
    assert all(same(one, other) for one, other in zip(first, second, strict=True))
    assert all(name.split("/")[0] == "val" for batch in first for name in batch["name"])


def test_kernels_keep_to_the_extent_asked_for():
    module = small(extent=(0.0, 2.0), max_objects=0)
    module.setup("fit")
    basis = torch.stack([sample["field"].basis[0] for sample in module.train_set.__getitems__(range(8))])
    assert basis[:, 3:6, 3:6].sum((1, 2)).min().item() == pytest.approx(1, abs=1e-5)
    assert basis.shape == (8, 9, 9)


class Stripes(SceneSource):
    """A scene of stripes with one object, for a source of one's own."""

    name, weight = "stripes", 1.0

    def open(self, split, size, max_objects):
        def draw(generator):
            photo = np.zeros((size, size, 3), np.uint8)
            photo[::2] = generator.integers(100, 255)
            labels = np.zeros((size, size), np.uint8)
            labels[:, size // 2 :] = 1
            return Scene(photo, labels)

        return draw


def test_a_source_of_ones_own_takes_three_lines():
    module = small(sources=[Stripes()], max_objects=1)
    module.setup("test")
    loader = module.test_dataloader()
    assert isinstance(loader, DataLoader)
    batch = next(iter(loader))
    assert batch["name"][0].startswith("test/stripes/")
    assert (batch["field"].coefficients[:, :, 0, [0, -1]] > 0.99).sum() == 2 * len(batch["name"])


def test_an_index_beyond_the_epoch_is_an_index_error(train_set):
    with pytest.raises(IndexError, match="there are 10 samples"):
        train_set[10]
    assert isinstance(train_set, SyntheticBlur)
    assert len(train_set) == 10


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ({"kernel_size": 8}, "Pass 9"),
        ({"crop_size": 0}, "Pass at least 1"),
        ({"extent": (0.0, 9.0)}, "hold 0 to 8. Order it"),
        ({"extent": (float("nan"), 8.0)}, "Order it within those"),
        ({"max_objects": -1}, "Pass 3"),
        ({"sources": []}, "Pass at least one"),
        ({"sources": [WheelPhotos(weight=0.0)]}, "Pass a weight above 0"),
        ({"sources": [WheelPhotos(weight=-1.0)]}, "weights above 0"),
        ({"batch_size": 0}, "Pass at least 1"),
        ({"num_workers": -1}, "Pass 0 or more"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_when_it_is_read(arguments, remedy):
    with pytest.raises(ValueError, match=remedy):
        small(**arguments)


@pytest.mark.parametrize(
    ("part", "arguments", "remedy"),
    [
        (PaperSensor, {"brightness": (0.0, 1.0)}, r"Pass \(1.0, 3.0\)"),
        (PaperSensor, {"noise": float("nan")}, r"Pass 0\.01"),
        (PaperSensor, {"gamma": 0.0}, "Pass 2.2"),
        (PaperSensor, {"gamma": float("nan")}, "Pass 2.2"),
        (Samples, {"train": 0}, "train samples is 0, .* Pass at least 1"),
    ],
)
def test_a_part_of_it_that_cannot_be_is_refused_likewise(part, arguments, remedy):
    with pytest.raises(ValueError, match=remedy):
        part(**arguments)


def test_crops_larger_than_the_photos_are_refused_before_training():
    with pytest.raises(ValueError, match="Lower crop_size, or pass other sources"):
        small(crop_size=1500).setup("fit")


def test_no_dead_leaves_are_refused():
    with pytest.raises(ValueError, match="Pass at least 1"):
        DeadLeaves(pictures=0)


@pytest.mark.parametrize("smallest", [(3.0, 2.0), (0.0, 3.0), (3.0, float("inf")), (float("nan"), 3.0)])
def test_leaves_of_no_size_are_refused(smallest):
    with pytest.raises(ValueError, match="Order it, from 1 on"):
        DeadLeaves(smallest=smallest)
