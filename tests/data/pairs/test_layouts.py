from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deblur_lightning.data.pairs.layouts import Layout, find_pairs
from deblur_lightning.data.pairs.pairing import pairs_side_by_side


def picture(path: Path, width: int = 12, height: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(path)
    return path


def gopro_large(root: Path) -> Path:
    for split, sequences in (("train", ("GOPR0372_07_00", "GOPR0372_07_01")), ("test", ("GOPR0384_11_00",))):
        for sequence in sequences:
            for kind in ("blur", "blur_gamma", "sharp"):
                for frame in (9, 10):
                    picture(root / split / sequence / kind / f"{frame:06d}.png")
    return root


def test_gopro_large_is_found_with_either_blur(tmp_path):
    gopro_large(tmp_path)
    found = find_pairs(tmp_path, "train")
    assert (found.layout, found.split, len(found.pairs)) == ("sequences", True, 4)
    assert found.pairs[1].name == "GOPR0372_07_00/000010"
    assert found.pairs[1].blurry == tmp_path / "train/GOPR0372_07_00/blur/000010.png"
    assert found.pairs[1].sharp == tmp_path / "train/GOPR0372_07_00/sharp/000010.png"
    assert {pair.sequence for pair in found.pairs} == {"GOPR0372_07_00", "GOPR0372_07_01"}
    gamma = find_pairs(tmp_path, "test", "blur_gamma")
    assert [pair.blurry.parent.name for pair in gamma.pairs] == ["blur_gamma", "blur_gamma"]


def test_an_archive_in_a_folder_of_its_own_name_is_found(tmp_path):
    gopro_large(tmp_path / "GOPRO_Large")
    assert len(find_pairs(tmp_path, "test").pairs) == 2


@pytest.mark.parametrize(("blurry", "sharp"), [("blur", "sharp"), ("input", "target"), ("blurry", "gt")])
def test_flattened_folders_are_found_and_tell_sequences_by_name(tmp_path, blurry, sharp):
    for name in ("GOPR0372_07_00-000047", "GOPR0372_07_00-000048", "GOPR0374_11_01-000050"):
        picture(tmp_path / "train" / blurry / f"{name}.png")
        picture(tmp_path / "train" / sharp / f"{name}.jpg")
    pairs = find_pairs(tmp_path, "train").pairs
    assert [pair.sequence for pair in pairs] == ["GOPR0372_07_00", "GOPR0372_07_00", "GOPR0374_11_01"]
    assert all(pair.sharp.parent.name == sharp for pair in pairs)


def test_realblur_folders_pair_blur_with_gt(tmp_path):
    for scene in ("scene001", "scene002"):
        for number in (1, 2):
            picture(tmp_path / scene / "blur" / f"blur_{number}.png")
            picture(tmp_path / scene / "gt" / f"gt_{number}.png")
    found = find_pairs(tmp_path, "test")
    assert [pair.name for pair in found.pairs] == ["scene001/1", "scene001/2", "scene002/1", "scene002/2"]
    assert found.pairs[0].sharp.name == "gt_1.png"
    assert not found.split


def test_realblur_lists_are_found_by_split_and_sibling(tmp_path):
    folder = "RealBlur-J_ECC_IMCORR_centroid_itensity_ref"
    for split, scene in (("train", "scene001"), ("test", "scene002")):
        rows = []
        for number in (1, 2):
            sharp, blurry = f"{folder}/{scene}/gt/gt_{number}.png", f"{folder}/{scene}/blur/blur_{number}.png"
            picture(tmp_path / sharp)
            picture(tmp_path / blurry)
            rows.append(f"{sharp} {blurry}\n")
        (tmp_path / f"RealBlur_J_{split}_list.txt").write_text("".join(rows))
    for root in (tmp_path, tmp_path / "RealBlur_J_train_list.txt"):
        pairs = find_pairs(root, "test").pairs
        assert [pair.blurry.name for pair in pairs] == ["blur_1.png", "blur_2.png"]
        assert pairs[0].sharp.name == "gt_1.png"
        assert pairs[0].sequence.endswith("scene002")
    (tmp_path / "RealBlur_R_test_list.txt").write_text((tmp_path / "RealBlur_J_test_list.txt").read_text())
    with pytest.raises(ValueError, match=r"Pass one of them as root"):
        find_pairs(tmp_path, "test")


def test_a_list_that_names_a_missing_file_or_half_a_pair_is_refused(tmp_path):
    rows = tmp_path / "list.txt"
    rows.write_text("sharp/1.png blur/1.png\n")
    with pytest.raises(FileNotFoundError, match=r"lists blur/1\.png.*Move the list"):
        find_pairs(rows, "train")
    rows.write_text("sharp/1.png\n")
    with pytest.raises(ValueError, match=r"row 1.*Complete it"):
        find_pairs(rows, "train")
    rows.write_text("\n")
    with pytest.raises(ValueError, match=r"is empty.*Check the file"):
        find_pairs(rows, "train")


def test_hide_has_no_splits(tmp_path):
    for name in ("1fromGOPR0950", "10fromGOPR1096"):
        picture(tmp_path / "HIDE/input" / f"{name}.png")
        picture(tmp_path / "HIDE/target" / f"{name}.png")
    found = find_pairs(tmp_path / "HIDE", "test")
    assert (len(found.pairs), found.split) == (2, False)


def test_reds_pairs_frames_of_numbered_sequences(tmp_path):
    for split in ("train", "val"):
        for kind in ("sharp", "blur"):
            for sequence in ("000", "001"):
                picture(tmp_path / split / f"{split}_{kind}" / sequence / "00000000.png")
    pairs = find_pairs(tmp_path, "test").pairs
    assert [(pair.name, pair.sequence) for pair in pairs] == [("000/00000000", "000"), ("001/00000000", "001")]
    assert "val_blur" in pairs[0].blurry.parts


def test_side_by_side_pictures_need_the_sharp_half(tmp_path):
    picture(tmp_path / "train" / "1.png", width=24)
    with pytest.raises(ValueError, match=r"layout.sharp_half=left or layout.sharp_half=right"):
        find_pairs(tmp_path, "train")
    (pair,) = find_pairs(tmp_path, "train", layout=Layout(sharp_half="right")).pairs
    assert (pair.sharp, pair.sharp_half, len(pair.files())) == (pair.blurry, "right", 1)


def test_any_two_folders_can_be_named(tmp_path):
    picture(tmp_path / "shaken_test/a.png")
    picture(tmp_path / "still_test/a.png")
    found = find_pairs(tmp_path, "test", layout=Layout(folders=("shaken_{split}", "still_{split}")))
    assert ([pair.name for pair in found.pairs], found.split) == (["a"], True)


def test_frames_are_in_order_of_their_numbers(tmp_path):
    for name in ("10", "9", "1"):
        picture(tmp_path / f"{name}.png")
    assert [pair.name for pair in pairs_side_by_side(tmp_path, "left")] == ["1", "9", "10"]


def test_what_file_systems_leave_behind_is_no_picture(tmp_path):
    gopro_large(tmp_path)
    (tmp_path / "train/GOPR0372_07_00/blur/._000009.png").write_bytes(b"mac")
    (tmp_path / "train/GOPR0372_07_00/blur/Thumbs.db").write_bytes(b"win")
    (tmp_path / "train/.ipynb_checkpoints").mkdir()
    assert len(find_pairs(tmp_path, "train").pairs) == 4


def test_links_in_circles_end(tmp_path):
    picture(tmp_path / "blur/a.png")
    picture(tmp_path / "sharp/a.png")
    (tmp_path / "blur/again").symlink_to(tmp_path, target_is_directory=True)
    assert [pair.name for pair in find_pairs(tmp_path, "test").pairs] == ["a"]


def test_an_absent_data_set_says_where_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere does not exist.*seungjunnah.*sample-gopro"):
        find_pairs(tmp_path / "nowhere", "train")


def test_an_empty_folder_says_what_was_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no pairs: looked for SEQUENCE/blur.*seungjunnah"):
        find_pairs(tmp_path, "train")
    (tmp_path / "train").mkdir()
    with pytest.raises(FileNotFoundError, match=r"has train but no test folder"):
        find_pairs(tmp_path, "test")


def test_unpaired_files_are_named(tmp_path):
    gopro_large(tmp_path)
    (tmp_path / "train/GOPR0372_07_01/sharp/000010.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"blur/000010\.png has no counterpart.*Copy what is missing"):
        find_pairs(tmp_path, "train")


def test_a_sequence_without_sharp_is_named(tmp_path):
    gopro_large(tmp_path)
    (tmp_path / "train/GOPR0372_07_01/sharp").rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match=r"GOPR0372_07_01 has blur but no sharp pictures"):
        find_pairs(tmp_path, "train")


def test_a_sequence_without_the_blur_asked_for_names_the_other(tmp_path):
    picture(tmp_path / "train/a/blur/1.png")
    picture(tmp_path / "train/a/sharp/1.png")
    with pytest.raises(FileNotFoundError, match=r"no blur_gamma folder. Pass blur=blur"):
        find_pairs(tmp_path, "train", "blur_gamma")


def test_two_pictures_of_one_name_are_refused(tmp_path):
    for suffix in ("png", "jpg"):
        picture(tmp_path / f"blur/a.{suffix}")
    picture(tmp_path / "sharp/a.png")
    with pytest.raises(ValueError, match=r"have one name. Remove or rename"):
        find_pairs(tmp_path, "train")
