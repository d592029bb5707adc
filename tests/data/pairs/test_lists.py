import numpy as np
import pytest
from PIL import Image

from deblur_lightning.data import GoProDataModule, Layout, Selection, find_pairs
from deblur_lightning.data.pairs.lists import is_list, pairs_of_list
from deblur_lightning.data.pairs.pairing import pairs_of_folders, role_of

DARK, BRIGHT = 50, 200  # what blurry and sharp pictures are made of here


def pictures(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        level = BRIGHT if role_of(name) == "sharp" else DARK
        Image.fromarray(np.full((8, 12, 3), level, np.uint8)).save(path)


def written(root, *rows, name="train_list.txt", encoding="utf-8"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\r\n".join(rows).encode(encoding))
    return path


def levels(pair):
    return [int(np.asarray(Image.open(path))[0, 0, 0]) for path in (pair.blurry, pair.sharp)]


@pytest.mark.parametrize(
    ("blurry", "sharp"),
    [
        ("blur/0.png", "sharp/0.png"),
        ("train/input/0.png", "train/target/0.png"),
        ("train_blur/000/0.png", "train_sharp/000/0.png"),
        ("scene1/blur/blur_1.png", "scene1/gt/gt_1.png"),
        ("both/blurry_1.png", "both/sharp_1.png"),
        ("GOPR/blur_gamma/0.png", "GOPR/sharp/0.png"),
        ("LQ/0.png", "GT/0.png"),
        ("blur/0.png", "clean/0.png"),
        ("shaken/0.png", "sharp/0.png"),
    ],
)
@pytest.mark.parametrize("blurry_first", [True, False])
def test_names_tell_which_is_which_whatever_the_order(tmp_path, blurry, sharp, blurry_first):
    pictures(tmp_path, blurry, sharp)
    row = f"{blurry} {sharp}" if blurry_first else f"{sharp} {blurry}"
    (pair,) = pairs_of_list(written(tmp_path, row))
    assert (pair.blurry, pair.sharp) == (tmp_path / blurry, tmp_path / sharp)


def test_training_on_a_list_of_blurry_and_sharp_learns_to_sharpen(tmp_path):
    for number in range(3):
        pictures(tmp_path, f"blur/{number}.png", f"sharp/{number}.png")
    path = written(tmp_path, *(f"blur/{number}.png sharp/{number}.png" for number in range(3)))
    module = GoProDataModule(path, crop_size=8, num_workers=0, selection=Selection(held_out=0))
    module.setup("fit")
    sample = module.train_pairs[0]
    assert (sample["blurry"].mean() * 255).round() == DARK
    assert (sample["sharp"].mean() * 255).round() == BRIGHT


def test_names_that_say_nothing_are_sharp_before_blurry(tmp_path):
    pictures(tmp_path, "a/0.png", "b/0.png")
    (pair,) = pairs_of_list(written(tmp_path, "a/0.png b/0.png"))
    assert (pair.sharp, pair.blurry) == (tmp_path / "a/0.png", tmp_path / "b/0.png")


def test_rows_of_either_order_and_rows_of_two_blurry_ones_are_refused(tmp_path):
    pictures(tmp_path, *(f"{kind}/{number}.png" for kind in ("blur", "sharp") for number in range(2)))
    with pytest.raises(ValueError, match=r"other way round in row 2 than before\. Write all rows 'sharp blurry'"):
        pairs_of_list(written(tmp_path, "blur/0.png sharp/0.png", "sharp/1.png blur/1.png"))
    with pytest.raises(ValueError, match=r"names two blurry pictures in row 1, blur/0\.png and blur/1\.png.*Correct"):
        pairs_of_list(written(tmp_path, "blur/0.png blur/1.png"))


@pytest.mark.parametrize("between", [" ", "\t", ", ", ";", "   "])
@pytest.mark.parametrize("quote", ["", '"'])
def test_paths_may_hold_spaces(tmp_path, between, quote):
    names = [f"my data/{kind}/frame {number}.PNG" for number in range(2) for kind in ("sharp", "blur")]
    pictures(tmp_path, *names)
    rows = [between.join(f"{quote}{name}{quote}" for name in names[at : at + 2]) for at in (0, 2)]
    path = written(tmp_path, *rows)
    assert is_list(path)
    assert [pair.name for pair in find_pairs(tmp_path, "train").pairs] == [
        "my data/blur/frame 0", "my data/blur/frame 1",
    ]  # fmt: skip
    assert levels(find_pairs(path, "train").pairs[1]) == [DARK, BRIGHT]


def test_windows_separators_are_folders(tmp_path):
    pictures(tmp_path, "train/a/sharp/0.png", "train/a/blur/0.png")
    written(tmp_path, r"train\a\sharp\0.png train\a\blur\0.png")
    (pair,) = find_pairs(tmp_path, "train").pairs
    assert (pair.name, pair.sequence, levels(pair)) == ("train/a/blur/0", "train/a", [DARK, BRIGHT])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_lists_are_read_in_the_encodings_that_editors_write(tmp_path, encoding):
    pictures(tmp_path, "Köhler/sharp/0.png", "Köhler/blur/0.png")
    written(tmp_path, "# sharp blurry", "", "Köhler/sharp/0.png Köhler/blur/0.png", encoding=encoding)
    assert [levels(pair) for pair in find_pairs(tmp_path, "train").pairs] == [[DARK, BRIGHT]]


def test_further_columns_are_left_out(tmp_path):
    pictures(tmp_path, "sharp/0.png", "blur/0.png")
    (pair,) = pairs_of_list(written(tmp_path, "sharp/0.png,blur/0.png,0.5", name="train.csv"))
    assert levels(pair) == [DARK, BRIGHT]
    assert len(find_pairs(tmp_path, "train").pairs) == 1


def test_a_heading_is_no_pair_and_no_reason_to_overlook_the_list(tmp_path):
    pictures(tmp_path, "sharp/0.png", "blur/0.png")
    written(tmp_path, "sharp,blurry", "sharp/0.png,blur/0.png")
    with pytest.raises(ValueError, match=r"has no paths of a picture in row 1, but rows are 'sharp blurry'\. Complete"):
        find_pairs(tmp_path, "train")


def test_a_list_of_one_split_alone_does_not_lend_its_pictures_to_the_other(tmp_path):
    pictures(tmp_path, *(f"{kind}/{number}.png" for kind in ("blur", "sharp") for number in range(3)))
    written(tmp_path, "sharp/2.png blur/2.png", name="my_test.txt")
    assert len(find_pairs(tmp_path, "test").pairs) == 1
    with pytest.raises(FileNotFoundError, match=r"holds lists \(my_test\.txt\), but none of the train split\. Copy it"):
        find_pairs(tmp_path, "train")
    with pytest.raises(FileNotFoundError, match=r"holds no list of the train split that is named as my_test\.txt"):
        find_pairs(tmp_path / "my_test.txt", "train")


def test_a_list_whose_name_tells_no_split_makes_none(tmp_path):
    """Otherwise a test would score what was trained on."""
    for number in range(4):
        pictures(tmp_path, f"blur/{number}.png", f"sharp/{number}.png")
    path = written(tmp_path, *(f"sharp/{n}.png blur/{n}.png" for n in range(4)), name="latest.txt")
    module = GoProDataModule(path, crop_size=8, num_workers=0, selection=Selection(held_out=1))
    for stage in ("fit", "test"):
        module.setup(stage)
    trained, tested = ({pair.name for pair in part.pairs} for part in (module.train_pairs, module.test_pairs))
    assert (len(trained), len(tested), trained & tested) == (3, 1, set())


def test_text_that_is_no_list_is_passed_over(tmp_path):
    pictures(tmp_path, "train/blur/0.png", "train/sharp/0.png")
    written(tmp_path, "how we trained: see figure.png", name="train_readme.txt")
    written(tmp_path, "GOPR/000001.png (720,1280,3)", name="meta_info_train.txt")
    (tmp_path / "train.txt").write_bytes(bytes(range(256)))
    assert find_pairs(tmp_path, "train").layout == "blur and sharp folders"


def test_folders_named_the_wrong_way_round_are_refused(tmp_path):
    pictures(tmp_path, "blur/0.png", "sharp/0.png")
    with pytest.raises(ValueError, match=r"their names say the reverse\. Swap them"):
        find_pairs(tmp_path, layout=Layout(folders=("sharp", "blur")))
    with pytest.raises(ValueError, match="Swap them"):
        pairs_of_folders(tmp_path / "sharp", tmp_path / "blur")


@pytest.mark.parametrize("folder", ["", "set/"])
@pytest.mark.parametrize("file", ["{}/{}.png", "{0}/{1}_{0}.png"])
def test_frames_of_several_videos_in_one_folder_are_held_out_by_video(tmp_path, folder, file):
    frames = [f"GOPR{video}_{number:06d}" for video in (1, 2, 3) for number in range(4)]
    rows = [[folder + file.format(kind, frame) for kind in ("sharp", "blur")] for frame in frames]
    pictures(tmp_path, *(name for row in rows for name in row))
    found = find_pairs(written(tmp_path, *map(" ".join, rows)), "train").pairs
    _, held = Selection().hold_out(found, tmp_path)  # a tenth, and at least one video
    assert [pair.blurry.name[:12] for pair in held] == frames[8:]


def test_a_list_of_one_video_has_one_sequence(tmp_path):
    rows = [[f"train/GOPR1/{kind}/{number:06d}.png" for kind in ("sharp", "blur")] for number in range(4)]
    pictures(tmp_path, *(name for row in rows for name in row))
    found = find_pairs(written(tmp_path, *map(" ".join, rows)), "train").pairs
    assert {pair.sequence for pair in found} == {"train/GOPR1"}
