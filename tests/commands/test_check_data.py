import json

import numpy as np
import pytest
from PIL import Image

from deblur_lightning.commands import main
from deblur_lightning.commands.check_data import describe


def picture(path, size=(8, 6)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((size[1], size[0], 3), np.uint8)).save(path)


def test_gopro_is_told_for_each_blur(tmp_path):
    for split, count in (("train", 3), ("test", 2)):
        for role in ("blur", "blur_gamma", "sharp"):
            for number in range(count):
                picture(tmp_path / split / "GOPR0001" / role / f"{number:06}.png")
    plain, gamma = describe(tmp_path)
    assert plain.endswith("3 train pairs and 2 test pairs (sequences). GoProDataModule reads it with blur=blur.")
    assert gamma.endswith("with blur=blur_gamma.")


def test_pairs_without_splits_are_counted_once(tmp_path):
    picture(tmp_path / "input" / "1.png")
    picture(tmp_path / "target" / "1.png")
    (said,) = describe(tmp_path)
    assert "1 pairs (input and target folders)" in said


def test_kohler_is_told(tmp_path):
    picture(tmp_path / "Blurry1_1.png")
    (tmp_path / "sample.json").write_text('{"frames": 1}')
    picture(tmp_path / "GroundTruth1_1_1.png")
    assert "1 of Köhler's 48 blurry shots, and 1 sharp frames of 1 of them" in describe(tmp_path)[0]


def test_ade20k_and_coco_are_told(tmp_path):
    picture(tmp_path / "ade" / "images" / "training" / "a.jpg")
    picture(tmp_path / "ade" / "annotations" / "training" / "a.png")
    assert "1 training and 0 validation photos of ADE20K" in describe(tmp_path / "ade")[0]
    picture(tmp_path / "coco" / "train2017" / "1.jpg")
    annotations = {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 8, "height": 6}],
        "annotations": [
            {"id": 1, "image_id": 1, "iscrowd": 0, "area": 6, "segmentation": [[0, 0, 3, 0, 3, 3]]},
        ],
    }
    (tmp_path / "coco" / "annotations").mkdir()
    (tmp_path / "coco" / "annotations" / "instances_train2017.json").write_text(json.dumps(annotations))
    assert "1 training and 0 validation photos of COCO" in describe(tmp_path / "coco")[0]


def test_photos_alone_are_told_with_the_reason_why_they_are_no_pairs(tmp_path):
    picture(tmp_path / "me.png")
    photos, reason = describe(tmp_path)
    assert "1 photos. PhotoFolder trains on them" in photos
    assert reason.startswith("No pairs: ")
    assert "sharp_half=left" in reason


def test_a_blurry_picture_without_its_sharp_one_is_told(tmp_path):
    picture(tmp_path / "blur" / "1.png")
    picture(tmp_path / "blur" / "2.png")
    picture(tmp_path / "sharp" / "1.png")
    assert "2" in describe(tmp_path)[1]


def test_nothing_and_no_folder_are_refused(tmp_path, capsys):
    with pytest.raises(FileNotFoundError, match="Pass the folder that a data set was unpacked to"):
        describe(tmp_path / "missing")
    with pytest.raises(FileNotFoundError, match="holds no photo"):
        describe(tmp_path)
    picture(tmp_path / "me.png")
    with pytest.raises(SystemExit) as end:
        main(["check-data", str(tmp_path)])
    assert end.value.code == 0
    assert "1 photos" in capsys.readouterr().out
