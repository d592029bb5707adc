import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from deblur_lightning.data import BSDS500
from deblur_lightning.data.scenes.bsds500 import bsds500_photos, read_segments


def people(*maps):
    """Put several people's segmentations into an array of structures, as the original files hold them."""
    cells = np.empty((1, len(maps)), object)
    for number, segments in enumerate(maps):
        cells[0, number] = {"Segmentation": segments.astype(np.uint16), "Boundaries": np.zeros_like(segments, bool)}
    return {"groundTruth": cells}


def halves():
    segments = np.ones((60, 70), int)
    segments[:, 35:] = 2
    return segments


def quarters():
    segments = halves()
    segments[30:] += 2
    return segments


def grains():
    return np.arange(60 * 70).reshape(60, 70) // 100 + 1


@pytest.fixture
def root(tmp_path):
    for split, count in (("train", 3), ("val", 1), ("test", 2)):
        (tmp_path / "images" / split).mkdir(parents=True)
        (tmp_path / "groundTruth" / split).mkdir(parents=True)
        for number in range(count):
            noise = np.random.default_rng(number).integers(0, 256, (60, 70, 3), np.uint8)
            Image.fromarray(noise).save(tmp_path / "images" / split / f"{split}{number}.jpg")
            savemat(tmp_path / "groundTruth" / split / f"{split}{number}.mat", people(grains(), quarters(), halves()))
    return tmp_path


def test_the_splits_are_the_data_sets_own(root):
    names = {split: [photo.name for photo in bsds500_photos(root, split)] for split in ("train", "val", "test")}
    assert names == {"train": ["train0", "train1", "train2"], "val": ["val0"], "test": ["test0", "test1"]}


def test_the_person_with_the_fewest_segments_is_followed_but_not_one_who_saw_hardly_any(root, tmp_path):
    assert np.array_equal(read_segments(root / "groundTruth/train/train0.mat"), quarters())
    savemat(tmp_path / "two.mat", people(halves()))
    assert np.array_equal(read_segments(tmp_path / "two.mat"), halves())


def test_scenes_have_segments_as_objects(root):
    draw = BSDS500(root, min_area=50).open("train", 40, 2)
    random = np.random.default_rng(0)
    scenes = [draw(random) for _ in range(30)]
    assert all(scene.photo.shape == (40, 40, 3) and scene.labels.shape == (40, 40) for scene in scenes)
    assert {int(scene.labels.max()) for scene in scenes} == {0, 1, 2}


def test_what_is_missing_or_damaged_is_named(root):
    (root / "groundTruth/val/val0.mat").write_bytes(b"no matrix at all" * 20)
    with pytest.raises(ValueError, match=r"val0\.mat is no segmentation of BSDS500 .* Copy it again"):
        BSDS500(root).open("val", 40, 2)
    (root / "groundTruth/val/val0.mat").unlink()
    with pytest.raises(FileNotFoundError, match=r"val0\.mat is missing, the segmentation of val0\.jpg\. Unpack it"):
        BSDS500(root).open("val", 40, 2)
    with pytest.raises(FileNotFoundError, match=r"holds no images/train/\*\.jpg.* Pass BSDS500/data"):
        BSDS500(root / "images").open("train", 40, 2)


@pytest.mark.filterwarnings("ignore:.*are damaged and left out")
def test_a_photo_whose_segmentation_is_damaged_is_left_out_on_request(root):
    (root / "groundTruth/test/test0.mat").write_bytes(b"no matrix at all" * 20)
    draw = BSDS500(root, skip_corrupt=True).open("test", 40, 2)
    assert [photo.name for photo in draw.photos] == ["test1"]


def test_a_segmentation_of_another_size_is_told_with_the_photo(root):
    savemat(root / "groundTruth/val/val0.mat", people(quarters()[:50]))
    with pytest.raises(ValueError, match=r"val0\.jpg is 70 x 60, but its segmentation 70 x 50\. Pair each photo"):
        BSDS500(root).open("val", 40, 2)
