"""The photographs of any folder and their segments, in every layout."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from deblur_lightning.data.synthesis.photographs import find_photographs, read_map


def picture(path, size=(20, 16)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((size[1], size[0], 3), np.uint8)).save(path)


def halves(path, low=1, high=2):
    """Draw a map of two halves."""
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = np.full((16, 20), low, np.uint8)
    numbers[:, 10:] = high
    if path.suffix == ".mat":
        truth = np.empty((1, 1), object)
        truth[0, 0] = {"Segmentation": numbers.astype(np.uint16), "Boundaries": numbers * 0}
        savemat(path, {"groundTruth": truth})
    else:
        Image.fromarray(numbers).save(path)


def told(photos):
    return [(photo.path.name, photo.segments is not None) for photo in photos]


def test_photos_in_subfolders_are_listed_in_order_without_hidden_ones_and_what_is_made(tmp_path):
    for name in ("b.jpg", "a/c.png", "a/.thumb.png", ".trash/d.jpg", "pairs/blurry/e.png", "notes.txt"):
        picture(tmp_path / name) if name[-3:] != "txt" else (tmp_path / name).touch()
    assert told(find_photographs(tmp_path, besides=tmp_path / "pairs")) == [("b.jpg", False), ("c.png", False)]


def test_pairs_that_were_made_below_the_folder_are_no_photos(tmp_path):
    picture(tmp_path / "a.png")
    for part in ("blurry", "sharp"):
        picture(tmp_path / "pairs" / part / "000000.png")
    (tmp_path / "pairs" / "settings.json").write_text("{}")
    assert [photo.path for photo in find_photographs(tmp_path)] == [tmp_path / "a.png"]
    assert len(find_photographs(tmp_path / "pairs" / "sharp")) == 1


@pytest.mark.parametrize("start", ["", "images", "images/train"])
def test_bsds500_s_segments_are_found_from_any_of_its_folders(start, tmp_path, monkeypatch):
    for name in ("1", "2"):
        picture(tmp_path / "images" / "train" / f"{name}.jpg")
    halves(tmp_path / "groundTruth" / "train" / "1.mat")
    monkeypatch.chdir(tmp_path / start)
    for folder in (tmp_path / start, type(tmp_path)()):
        photos = find_photographs(folder)
        assert told(photos) == [("1.jpg", True), ("2.jpg", False)]
        assert photos[0].segments().max() == 2


def test_both_forms_of_ade20k_are_found(tmp_path):
    picture(tmp_path / "parsing" / "images" / "training" / "a.jpg")
    halves(tmp_path / "parsing" / "annotations" / "training" / "a.png")
    picture(tmp_path / "full" / "training" / "b.jpg")
    picture(tmp_path / "full" / "training" / "b_seg.png")
    picture(tmp_path / "full" / "training" / "b_parts_1.png")
    assert told(find_photographs(tmp_path / "parsing")) == [("a.jpg", True)]
    assert told(find_photographs(tmp_path / "full")) == [("b.jpg", True)]


@pytest.mark.parametrize("start", ["", "val2017"])
def test_coco_s_instances_are_found_from_its_root_and_of_one_part(start, tmp_path):
    for number, part in ((1, "train"), (2, "val")):
        picture(tmp_path / f"{part}2017" / f"{number}.jpg")
        catalogue = {
            "images": [{"id": number, "file_name": f"{number}.jpg", "width": 20, "height": 16}],
            "annotations": [
                {"id": 1, "image_id": number, "iscrowd": 0, "area": 50, "segmentation": [[0, 0, 9, 0, 9, 9]]}
            ],
        }
        (tmp_path / "annotations").mkdir(exist_ok=True)
        (tmp_path / "annotations" / f"instances_{part}2017.json").write_text(json.dumps(catalogue))
    assert told(find_photographs(tmp_path / start)) == ([] if start else [("1.jpg", True)]) + [("2.jpg", True)]


def test_maps_in_a_folder_of_their_own_are_taken_by_name(tmp_path):
    for name in ("photos/x/a.jpg", "photos/b.jpg", "photos/c.jpg"):
        picture(tmp_path / name)
    halves(tmp_path / "maps" / "x" / "a.png", 0, 7)
    halves(tmp_path / "maps" / "b.mat")
    photos = find_photographs(tmp_path / "photos", tmp_path / "maps")
    assert told(photos) == [("b.jpg", True), ("c.jpg", False), ("a.jpg", True)]
    assert photos[2].size() == (20, 16)
    assert np.array_equal(photos[2].read()[1] > 0, np.arange(20)[None].repeat(16, 0) >= 10)


def test_regions_of_one_colour_are_segments_apart(tmp_path):
    colours = np.zeros((8, 10, 3), np.uint8)
    colours[1:3, 1:4] = colours[5:7, 1:4] = (200, 0, 10)
    colours[1:7, 6:9] = (0, 200, 10)
    Image.fromarray(colours).save(tmp_path / "map.png")
    segments = read_map(tmp_path / "map.png")
    areas = sorted(np.bincount(segments.ravel())[1:])
    assert areas == [6, 6, 18]
    assert np.array_equal(segments > 0, colours.any(axis=-1))


def test_what_does_not_fit_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder\. Pass the folder that holds the photos"):
        find_photographs(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="empty holds no photo"):
        find_photographs(tmp_path / "empty")
    picture(tmp_path / "photos" / "a.jpg")
    with pytest.raises(FileNotFoundError, match=r"empty holds no map of a\.jpg.* Name maps as the photos"):
        find_photographs(tmp_path / "photos", tmp_path / "empty")
    picture(tmp_path / "maps" / "a.png", (10, 10))
    with pytest.raises(ValueError, match=r"a\.jpg is 20 x 16, but its segmentation 10 x 10"):
        find_photographs(tmp_path / "photos", tmp_path / "maps")[0].size()
    (tmp_path / "maps" / "a.png").write_bytes(b"\x89PNG")
    with pytest.raises(ValueError, match=r"a\.png is no map of segments"):
        read_map(tmp_path / "maps" / "a.png")
