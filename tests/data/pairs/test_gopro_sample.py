import filecmp

import numpy as np
import pytest
from PIL import Image

from deblur_lightning.commands import main
from deblur_lightning.data import GoProDataModule, Selection
from deblur_lightning.data.pairs.gopro_sample import PHOTOGRAPHS, photograph, shoot, write_gopro_sample

SMALL = {"frames": 2, "width": 48, "height": 40}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    root = tmp_path_factory.mktemp("sample") / "set"
    write_gopro_sample(root, **SMALL)
    return root


def test_the_sample_is_read_as_gopro_large(sample):
    selection = Selection(held_out=["rocket_00", "rocket_01"])
    for blur in ("blur", "blur_gamma"):
        module = GoProDataModule(sample, blur=blur, selection=selection, crop_size=32)
        module.setup("fit")
        module.setup("test")
        assert (len(module.train_pairs), len(module.val_pairs), len(module.test_pairs)) == (16, 4, 4)
        assert module.test_pairs[0]["blurry"].shape == (3, 40, 48)


def test_no_photograph_is_in_both_splits():
    assert not set(PHOTOGRAPHS["train"]) & set(PHOTOGRAPHS["test"])


def test_blurry_frames_average_frames_around_the_sharp_one():
    photo = photograph("coffee")
    for frames in shoot(photo, 3, 64, 48, np.random.default_rng(1)):
        assert frames.sharp.shape == (48, 64, 3)
        assert not np.array_equal(frames.blur, frames.sharp)
        difference = frames.blur_gamma.astype(int) - frames.blur
        assert difference.min() >= -1  # a mean in linear light is no darker than one as recorded
        assert difference.max() > 3

    still = photo[..., :1, :1].expand(-1, -1, 96, 128)
    (flat,) = shoot(still, 1, 64, 48, np.random.default_rng(1))
    assert np.array_equal(flat.blur, flat.sharp)
    assert np.array_equal(flat.blur_gamma, flat.sharp)


def test_the_blur_of_a_moving_edge_has_its_middle_at_the_sharp_edge():
    photo = photograph("coffee")
    centred = []
    for frames in shoot(photo, 4, 96, 72, np.random.default_rng(2)):
        sharp, blur = frames.sharp.astype(float).mean(axis=2), frames.blur.astype(float).mean(axis=2)
        errors = {
            shift: np.square(np.roll(sharp, shift, axis=(0, 1))[8:-8, 8:-8] - blur[8:-8, 8:-8]).mean()
            for shift in [(dy, dx) for dy in (-3, 0, 3) for dx in (-3, 0, 3)]
        }
        centred.append(min(errors, key=errors.get) == (0, 0))
    assert all(centred)


def test_the_sample_repeats_to_the_byte(sample, tmp_path):
    write_gopro_sample(tmp_path / "again", **SMALL)
    names = sorted(str(path.relative_to(sample)) for path in sample.rglob("*.png"))
    assert len(names) == 3 * 2 * 2 * 6
    assert filecmp.cmpfiles(sample, tmp_path / "again", names, shallow=False) == (names, [], [])


def test_a_sample_that_is_there_is_left_as_it_is(sample):
    times = {path: path.stat().st_mtime_ns for path in sample.rglob("*.png")}
    assert write_gopro_sample(sample, **SMALL) == {"train": 20, "test": 4}
    assert times == {path: path.stat().st_mtime_ns for path in sample.rglob("*.png")}


def test_a_folder_that_holds_something_else_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"holds something else.*name another"):
        write_gopro_sample(tmp_path, **SMALL)
    with pytest.raises(ValueError, match=r"frames are 0 of 48 x 40.*Pass more"):
        write_gopro_sample(tmp_path / "new", frames=0, width=48, height=40)


def test_an_interrupted_sample_leaves_nothing(tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(KeyboardInterrupt):
        write_gopro_sample(tmp_path / "set", **SMALL)
    assert list(tmp_path.iterdir()) == []


def test_the_command_tells_what_it_made(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["sample-gopro", str(tmp_path / "set"), "--frames", "1", "--size", "40", "32"])
    assert ended.value.code == 0
    assert "10 training and 2 test pairs of 40 x 32" in capsys.readouterr().out
