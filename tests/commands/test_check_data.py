import json
import os
import re

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from deblur_lightning.commands import main
from deblur_lightning.commands.check_data import describe
from deblur_lightning.photos.heic import enable_heic


def picture(path, size=(8, 6)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((size[1], size[0], 3), np.uint8)).save(path)


def test_gopro_is_told_for_each_blur(tmp_path):
    for split, count in (("train", 3), ("test", 2)):
        for role in ("blur", "blur_gamma", "sharp"):
            for number in range(count):
                picture(tmp_path / split / "GOPR0001" / role / f"{number:06}.png")
    plain, gamma = describe(tmp_path).said
    assert plain.endswith("3 train pairs and 2 test pairs (sequences). GoProDataModule reads it with blur=blur.")
    assert gamma.endswith("with blur=blur_gamma.")


def test_pairs_without_splits_are_counted_once(tmp_path):
    picture(tmp_path / "input" / "1.png")
    picture(tmp_path / "target" / "1.png")
    (said,), faults = describe(tmp_path)
    assert faults == []
    assert "1 pair (input and target folders)" in said


def test_kohler_is_told(tmp_path):
    picture(tmp_path / "Blurry1_1.png")
    (tmp_path / "sample.json").write_text('{"frames": 1}')
    picture(tmp_path / "GroundTruth1_1_1.png")
    assert (
        "1 of Köhler's 48 blurry shots, and 1 sharp frame of 1 picture. KohlerDataModule reads it."
        in describe(tmp_path).said[0]
    )


def test_data_sets_that_lack_a_part_are_faults_and_no_mere_photos(tmp_path):
    picture(tmp_path / "kohler" / "Blurry1_1.png")
    for frame in (1, 2, 3):
        picture(tmp_path / "kohler" / f"GroundTruth1_1_{frame}.png")
    with pytest.raises(FileNotFoundError, match=r"GroundTruth1_1|1_1.*lacks|frames"):
        describe(tmp_path / "kohler")
    for photo in ("a", "b"):
        picture(tmp_path / "ade" / "images" / "training" / f"{photo}.jpg")
    picture(tmp_path / "ade" / "annotations" / "training" / "a.png")
    with pytest.raises(FileNotFoundError, match=r"b\.png is missing, the segmentation of b\.jpg"):
        describe(tmp_path / "ade")
    picture(tmp_path / "ade" / "annotations" / "training" / "b.png")
    picture(tmp_path / "ade" / "images" / "validation" / "c.jpg")
    with pytest.raises(FileNotFoundError, match=r"c\.png is missing"):
        describe(tmp_path / "ade")


def test_bsds500_is_told_by_its_parts_and_what_lacks_is_a_fault(tmp_path):
    for photo in "ab":
        picture(tmp_path / "images" / "train" / f"{photo}.jpg")
        path = tmp_path / "groundTruth" / "train" / f"{photo}.mat"
        path.parent.mkdir(parents=True, exist_ok=True)
        person = np.empty((1, 1), dtype=[("Segmentation", "O")])
        person["Segmentation"][0, 0] = np.arange(48).reshape(6, 8) // 16
        people = np.empty((1, 1), dtype=object)
        people[0, 0] = person
        savemat(path, {"groundTruth": people})
    said, faults = describe(tmp_path)
    assert (said, faults) == ([f"{tmp_path}: 2 train photos of BSDS500 with segments. BSDS500 reads it."], [])
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"b.mat is missing, the segmentation of b.jpg"):
        describe(tmp_path)


def test_a_picture_without_its_counterpart_is_a_fault(tmp_path, capsys):
    for name in ("1", "2"):
        picture(tmp_path / "blur" / f"{name}.png")
    picture(tmp_path / "sharp" / "1.png")
    (said,), (fault,) = describe(tmp_path)
    assert "3 photos. PhotoFolder trains on them" in said
    assert re.search(r"2\.png has no counterpart in \S+sharp \(1 such\)", fault)
    picture(tmp_path / "fine" / "me.png")
    with pytest.raises(SystemExit) as stopped:
        main(["check-data", str(tmp_path / "none"), str(tmp_path), str(tmp_path / "fine")])
    assert stopped.value.code == 1
    told = capsys.readouterr()
    assert "none does not exist" in told.err
    assert f"{tmp_path / 'fine'}: 1 photo." in told.out  # those after it are looked at too


def test_a_list_is_told_and_one_that_names_missing_pictures_is_a_fault(tmp_path):
    picture(tmp_path / "blur" / "1.png")
    picture(tmp_path / "gt" / "1.png")
    (tmp_path / "test_list.txt").write_text("gt/1.png blur/1.png\n")
    (said,), faults = describe(tmp_path / "test_list.txt")
    assert "1 test pair (list file)" in said
    assert faults == []
    (tmp_path / "test_list.txt").write_text("gt/1.png blur/1.png\ngt/2.png blur/2.png\n")
    assert any("2.png, which is not below its folder" in fault for fault in describe(tmp_path).faults)


def test_photos_in_folders_of_known_names_are_photos(tmp_path):
    picture(tmp_path / "training" / "a.jpg")
    assert "1 photo. PhotoFolder trains on them" in describe(tmp_path).said[0]


def test_ade20k_and_coco_are_told(tmp_path):
    picture(tmp_path / "ade" / "images" / "training" / "a.jpg")
    picture(tmp_path / "ade" / "annotations" / "training" / "a.png")
    assert "1 training and 0 validation photos of ADE20K" in describe(tmp_path / "ade").said[0]
    picture(tmp_path / "coco" / "train2017" / "1.jpg")
    annotations = {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 8, "height": 6}],
        "annotations": [
            {"id": 1, "image_id": 1, "iscrowd": 0, "area": 6, "segmentation": [[0, 0, 3, 0, 3, 3]]},
        ],
    }
    (tmp_path / "coco" / "annotations").mkdir()
    (tmp_path / "coco" / "annotations" / "instances_train2017.json").write_text(json.dumps(annotations))
    assert "1 training and 0 validation photos of COCO" in describe(tmp_path / "coco").said[0]


def test_photos_alone_are_told_with_the_reason_why_they_are_no_pairs(tmp_path):
    picture(tmp_path / "me.png")
    photos, reason = describe(tmp_path).said
    assert "1 photo. PhotoFolder trains on them" in photos
    assert reason.startswith("No pairs: ")
    assert "pass --sharp-half left or --sharp-half right" in reason


def test_nothing_and_no_folder_are_refused(tmp_path, capsys):
    with pytest.raises(FileNotFoundError, match="Pass the folder that a data set was unpacked to"):
        describe(tmp_path / "missing")
    with pytest.raises(FileNotFoundError, match="holds no photo"):
        describe(tmp_path)
    picture(tmp_path / "me.png")
    with pytest.raises(SystemExit) as end:
        main(["check-data", str(tmp_path)])
    assert end.value.code == 0
    assert "1 photo." in capsys.readouterr().out


def test_pictures_of_kinds_that_are_not_read_are_told(tmp_path):
    picture(tmp_path / "me.png")
    (tmp_path / "you.dng").write_bytes(b"II*\0")
    assert describe(tmp_path).said[1] == (
        f"{tmp_path}: passed over 1 picture of kinds that are not read (.dng); develop raw files to 16-bit TIFFs."
    )
    (tmp_path / "me.png").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"holds no photo that is read, only other kinds \(\.dng\); develop raw"
    ):
        describe(tmp_path)


def test_a_folder_of_a_phones_photos_is_read(tmp_path):
    enable_heic()
    picture(tmp_path / "me.heic")
    picture(tmp_path / "you.avif")
    said, faults = describe(tmp_path, full=True)
    assert said[0].startswith(f"{tmp_path}: 2 photos. PhotoFolder trains on them")
    assert faults == []


def cut(path):
    """Leave a file without its end, as a broken download does."""
    path.write_bytes(path.read_bytes()[:-20])


def check(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main(["check-data", *map(str, arguments)])
    return end.value.code, capsys.readouterr()


def test_truncated_pictures_of_pairs_are_named_and_counted(tmp_path, capsys):
    for number in range(8):
        picture(tmp_path / "blur" / f"{number}.png")
        picture(tmp_path / "sharp" / f"{number}.png")
    for number in range(1, 8):
        cut(tmp_path / "sharp" / f"{number}.png")
    status, said = check(capsys, tmp_path)
    assert status == 1
    assert "8 pairs" in said.out
    assert said.err.count(" is damaged (") == 5
    assert said.err.startswith(f"{tmp_path / 'sharp' / '1.png'} is damaged (")
    assert said.err.endswith("2 more files with faults.\n")


@pytest.mark.parametrize("options", [(), ("--folders", "test/blur", "test/sharp")])
@pytest.mark.parametrize("split", ["train", "test"])
def test_damage_is_named_beside_a_missing_counterpart(options, split, tmp_path, capsys):
    for folder, names in {f"{split}/blur": "1", f"{split}/sharp": "1", "test/blur": "123", "test/sharp": "13"}.items():
        for name in names:
            picture(tmp_path / folder / f"{name}.png")
    cut(damaged := tmp_path / "test" / "blur" / "3.png")
    status, said = check(capsys, tmp_path, *options)
    assert status == 1
    first, second = said.err.splitlines()
    assert re.search(r"blur/2\.png has no counterpart in \S+sharp \(1 such\)", first)
    assert second.startswith(f"{damaged} is damaged (")


def test_damage_is_named_in_another_sequence_than_lacks_a_counterpart(tmp_path):
    for folder, names in {"a/blur": "12", "a/sharp": "1", "b/blur": "1", "b/sharp": "1"}.items():
        for name in names:
            picture(tmp_path / "train" / folder / f"{name}.png")
    cut(damaged := tmp_path / "train" / "b" / "sharp" / "1.png")
    first, second = describe(tmp_path).faults
    assert "a/blur/2.png has no counterpart" in first
    assert second.startswith(f"{damaged} is damaged (")


def test_a_list_that_names_missing_pictures_is_said_to_do_so(tmp_path, capsys):
    (tmp_path / "list.txt").write_text("gt/2.png blur/2.png\n")
    status, said = check(capsys, tmp_path / "list.txt")
    assert status == 1
    assert re.search(r"list\.txt lists \S+2\.png, which is not below its folder", said.err)


def test_pairs_of_two_sizes_are_named(tmp_path, capsys):
    picture(tmp_path / "input" / "1.png")
    picture(tmp_path / "target" / "1.png", (7, 6))
    status, said = check(capsys, tmp_path)
    assert status == 1
    assert re.search(r"1\.png is 8 x 6, but .*1\.png is 7 x 6\. Pair pictures of one size\.", said.err)


def test_a_wrong_checksum_is_found_where_everything_is_decoded(tmp_path, monkeypatch):
    picture(tmp_path / "input" / "1.png")
    picture(tmp_path / "target" / "1.png")
    content = bytearray((tmp_path / "target" / "1.png").read_bytes())
    content[-20] ^= 1  # of the pixels' checksum, after which only IEND's 12 bytes follow
    (tmp_path / "target" / "1.png").write_bytes(content)
    assert len(describe(tmp_path).faults) == 1
    monkeypatch.setattr("deblur_lightning.data.pairs.soundness.SMALL_SET", 10)
    assert describe(tmp_path).faults == []
    assert len(describe(tmp_path, full=True).faults) == 1


def test_a_truncated_photo_is_named(tmp_path, capsys):
    picture(tmp_path / "a.png")
    picture(tmp_path / "b.png")
    cut(tmp_path / "b.png")
    status, said = check(capsys, tmp_path)
    assert status == 1
    assert "2 photos" in said.out
    assert said.err.startswith(f"{tmp_path / 'b.png'} is damaged (")


def test_koehler_without_frames_or_without_shots_is_said_plainly(tmp_path):
    picture(tmp_path / "shots" / "Blurry1_1.png")
    (said,), _ = describe(tmp_path / "shots")
    assert "1 of Köhler's 48 blurry shots, and no sharp frames." in said
    picture(tmp_path / "frames" / "GroundTruth1_1_1.png")
    (tmp_path / "frames" / "sample.json").write_text('{"frames": 1}')
    (said,), _ = describe(tmp_path / "frames")
    assert "1 sharp frame of 1 picture of Köhler's 48, and no blurry shots." in said


def test_koehler_frames_that_are_cut_or_of_another_size_are_named(tmp_path):
    picture(tmp_path / "Blurry1_1.png")
    (tmp_path / "sample.json").write_text('{"frames": 2}')
    picture(tmp_path / "GroundTruth1_1_1.png")
    picture(tmp_path / "GroundTruth1_1_2.png", (9, 6))
    (fault,) = describe(tmp_path).faults
    assert "GroundTruth1_1_2.png is 9 x 6, but Blurry1_1.png is 8 x 6. Unpack it again." in fault
    cut(tmp_path / "GroundTruth1_1_1.png")
    (fault,) = describe(tmp_path).faults
    assert "GroundTruth1_1_1.png is damaged" in fault


def test_pictures_side_by_side_are_pairs_once_the_sharp_half_is_told(tmp_path, capsys):
    picture(tmp_path / "1.png")
    picture(tmp_path / "2.png", (9, 6))
    status, said = check(capsys, tmp_path, "--sharp-half", "right")
    assert status == 1
    assert "2 pairs (side by side, right half sharp)" in said.out
    assert "reads it with blur=blur and layout.sharp_half=right." in said.out
    assert "2.png is 9 pixels wide, but two halves need an even width" in said.err


def test_folders_of_unusual_names_can_be_told(tmp_path, capsys):
    picture(tmp_path / "shaken" / "1.png")
    picture(tmp_path / "still" / "1.png")
    status, said = check(capsys, tmp_path, "--folders", "shaken", "still")
    assert status == 0
    assert "1 pair (folder pair)" in said.out
    status, said = check(capsys, tmp_path, "--folders", "shaking", "still")
    assert status == 1
    assert "shaking does not exist" in said.err


def test_a_quoted_pattern_of_folders_is_understood(tmp_path, capsys):
    picture(tmp_path / "a" / "1.png")
    picture(tmp_path / "b" / "1.png")
    assert check(capsys, tmp_path / "?")[1].out.count("1 photo.") == 2


@pytest.mark.parametrize("harm", ["cut", "size"])
def test_a_damaged_photo_with_segments_is_a_fault(tmp_path, harm):
    picture(photo := tmp_path / "images" / "training" / "a.jpg", (40, 30))
    picture(tmp_path / "annotations" / "training" / "a.png", (40, 30) if harm == "cut" else (30, 40))
    if harm == "cut":
        photo.write_bytes(photo.read_bytes()[:-100])
    (fault,) = describe(tmp_path).faults
    assert str(photo) in fault


def test_kohler_s_files_are_judged_as_they_are_scored(tmp_path):
    (tmp_path / "sample.json").write_text('{"frames": 1}')
    Image.new("L", (8, 6)).save(tmp_path / "Blurry1_1.png")
    picture(tmp_path / "GroundTruth1_1_1.png")
    assert describe(tmp_path).faults == [
        f"{tmp_path / 'Blurry1_1.png'} is 8-bit gray, but 8-bit RGB is scored. Write it as 8-bit RGB PNG."
    ]


def test_hidden_files_folders_and_pipes_are_no_photos(tmp_path, capsys):
    for name in ("me.jpg", "._me.jpg", ".thumbs/me.jpg", "album.jpg/you.jpg"):
        picture(tmp_path / name)
    os.mkfifo(tmp_path / "pipe.jpg")
    assert (
        describe(tmp_path).said[0]
        == f"{tmp_path}: 2 photos. PhotoFolder trains on them, `deblur restore` restores them."
    )
    (tmp_path / "me.jpg").write_bytes(b"")
    with pytest.raises(SystemExit):
        main(["check-data", str(tmp_path)])
    assert "is damaged (0 bytes). Copy it again from its source.\n" in capsys.readouterr().err


def test_a_photo_of_floats_is_told_in_one_sentence(tmp_path, capsys):
    Image.new("F", (8, 6)).save(tmp_path / "me.tif")
    with pytest.raises(SystemExit):
        main(["check-data", str(tmp_path)])
    assert capsys.readouterr().err.endswith("Save it as 8 or 16-bit RGB.\n")


def test_a_folder_that_cannot_be_read_does_not_keep_the_next_from_being_told(tmp_path, monkeypatch, capsys):
    picture(tmp_path / "good" / "1.png")
    closed = tmp_path / "closed"
    closed.mkdir()

    def told(root, *others, **options):
        if root == closed:
            raise PermissionError(13, "Permission denied", str(root / "images"))
        return describe(root, *others, **options)

    monkeypatch.setattr("deblur_lightning.commands.check_data.describe", told)
    with pytest.raises(SystemExit, match="1"):
        main(["check-data", str(closed), str(tmp_path / "good")])
    said = capsys.readouterr()
    assert f"{closed / 'images'}: Permission denied. Check the path" in said.err
    assert "good: 1 photo." in said.out


def test_control_characters_in_names_are_printed_as_escapes(tmp_path, capsys):
    picture(tmp_path / "a\x1b[31m" / "1.png")
    (tmp_path / "a\x1b[31m" / "bad.png").write_bytes(b"\x89PNG")
    with pytest.raises(SystemExit, match="1"):
        main(["check-data", str(tmp_path / "a\x1b[31m")])
    said = capsys.readouterr()
    assert r"a\x1b[31m: 2 photos." in said.out
    assert r"a\x1b[31m/bad.png" in said.err
    assert "\x1b" not in said.out + said.err
