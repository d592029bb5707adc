"""Folders of pairs: whole or hidden, the same whatever interrupted them."""

import csv
import json

import numpy as np
import pytest
import torch

from deblur_lightning.data import GoProDataModule, find_pairs
from deblur_lightning.data.synthesis import pair_folder
from deblur_lightning.data.synthesis.field_files import load_field, save_field
from deblur_lightning.data.synthesis.making import make_missing
from deblur_lightning.data.synthesis.pair_folder import MadePair, PairFolder, faults_of_folder, name_of, unfinished
from deblur_lightning.field import KernelField

SETTINGS = {"source": "photos", "source_digest": "12", "size": 8, "count": 5}


def pair(number):
    random = np.random.default_rng(number)
    blurry, sharp = random.integers(0, 256, (2, 8, 8, 3), np.uint8)
    masks = torch.from_numpy(random.integers(0, 2, (1, 1, 8, 8))).float()
    kernels = torch.from_numpy(random.random((1, 2, 3, 3))).float()
    field = KernelField(kernels / kernels.sum((-2, -1), keepdim=True), torch.cat((masks, 1 - masks), 1))
    return MadePair(name_of(f"photo{number % 2}", number), blurry, sharp, field, {"kind": "still", "top": number})


def files(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def made(root, make=pair, settings=SETTINGS, workers=1):
    folder = PairFolder(root, settings)
    make_missing(folder, make, folder.begin(), workers, lambda share: None)
    return folder.finish()


def stop_at(number):
    def make(asked):
        if asked == number:
            raise KeyboardInterrupt
        return pair(asked)

    return make


def test_a_whole_folder_has_what_was_promised(tmp_path):
    rows = made(tmp_path / "pairs")
    assert [row["name"] for row in rows] == [f"photo{number % 2}_{number + 1:06}" for number in range(5)]
    assert {path.name for path in (tmp_path / "pairs").iterdir()} == {
        "blurry", "sharp", "fields", "manifest.csv", "settings.json",
    }  # fmt: skip
    with (tmp_path / "pairs" / "manifest.csv").open() as file:
        assert [int(row["top"]) for row in csv.DictReader(file)] == list(range(5))
    for number, found in enumerate(find_pairs(tmp_path / "pairs").pairs[::3]):  # photo0's first, photo1's last
        assert found.sequence == f"photo{number}"
    assert PairFolder(tmp_path / "pairs", SETTINGS).whole
    assert faults_of_folder(tmp_path / "pairs") == []


def test_the_files_are_the_same_whatever_the_number_of_workers(tmp_path):
    made(tmp_path / "one")
    made(tmp_path / "two", workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.mark.parametrize("number", range(5))
def test_an_interrupted_job_looks_like_nothing_and_goes_on_to_the_same_files(number, tmp_path):
    made(tmp_path / "at_once")
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path / "stopped", stop_at(number))
    assert unfinished(tmp_path / "stopped") == (number, 5)
    assert [path.name for path in (tmp_path / "stopped").iterdir()] == [".unfinished"]
    with pytest.raises(FileNotFoundError, match="holds no pairs"):
        find_pairs(tmp_path / "stopped")
    asked = []
    made(tmp_path / "stopped", lambda which: asked.append(which) or pair(which))
    assert asked == list(range(number, 5))
    assert files(tmp_path / "stopped") == files(tmp_path / "at_once")


@pytest.mark.parametrize("parts", range(1, 6))
def test_a_job_stopped_while_the_pairs_appear_is_finished_by_the_next(parts, tmp_path, monkeypatch):
    made(tmp_path / "at_once")
    folder = PairFolder(tmp_path / "stopped", SETTINGS)
    make_missing(folder, pair, folder.begin(), 1, lambda share: None)
    with monkeypatch.context() as patch:
        patch.setattr(pair_folder, "PARTS", pair_folder.PARTS[:parts])
        patch.setattr(pair_folder.shutil, "rmtree", lambda *_, **__: None)
        folder.finish() if parts > 1 else folder.place.joinpath("settings.json").rename(folder.root / "settings.json")
    assert not PairFolder(tmp_path / "stopped", SETTINGS).whole
    if parts < 5:
        with pytest.raises(FileNotFoundError, match=r"no blur folder|holds no pairs|no sharp"):
            find_pairs(tmp_path / "stopped")
    made(tmp_path / "stopped")
    assert files(tmp_path / "stopped") == files(tmp_path / "at_once")


def test_a_file_that_cannot_be_written_leaves_its_pair_to_make(tmp_path, monkeypatch):
    folder = PairFolder(tmp_path / "pairs", SETTINGS)
    monkeypatch.setattr(pair_folder, "save_field", lambda path, field: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        make_missing(folder, pair, folder.begin(), 1, lambda share: None)
    assert folder.begin() == list(range(5))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"size": 9}, "pairs whose size is 8, not 9"),
        ({"count": 6}, "pairs whose count is 5, not 6"),
        ({"source_digest": "34"}, "made of something else"),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_other_settings_do_not_go_on(whole, changed, said, tmp_path):
    if whole:
        made(tmp_path)
    else:
        PairFolder(tmp_path, SETTINGS).begin()
    with pytest.raises(FileExistsError, match=f"{said}.*Name another folder"):
        PairFolder(tmp_path, SETTINGS | changed)
    PairFolder(tmp_path, SETTINGS | {"source": "moved/photos"})


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(FileExistsError, match="holds something else"):
        PairFolder(tmp_path, SETTINGS)
    (tmp_path / "thesis.tex").unlink()
    (tmp_path / ".DS_Store").touch()
    assert len(made(tmp_path)) == 5


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_damaged_settings_are_named(text, tmp_path):
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(ValueError, match=r"settings\.json is damaged.*make the pairs again"):
        PairFolder(tmp_path, SETTINGS)
    (tmp_path / "settings.json").write_text(json.dumps({"learning_rate": 1}))
    with pytest.raises(FileExistsError, match="holds something else"):
        PairFolder(tmp_path, SETTINGS)


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_a_damaged_row_of_an_interrupted_job_is_named(text, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path, stop_at(3))
    row = tmp_path / ".unfinished" / "rows" / "000001.json"
    row.write_text(text)
    with pytest.raises(ValueError, match=r"000001\.json is damaged .* Remove it, and make the pairs again"):
        made(tmp_path)
    row.unlink()
    assert len(made(tmp_path)) == 5


@pytest.mark.parametrize("text", ["", "photo,top\na.png,1\n"])
def test_a_manifest_that_names_no_pair_is_named(text, tmp_path):
    made(tmp_path)
    (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(ValueError, match=r"manifest\.csv has no column name.*Remove the folder"):
        faults_of_folder(tmp_path)


def test_what_is_missing_or_damaged_is_named(tmp_path):
    rows = made(tmp_path)
    first, second, third = (row["name"] for row in rows[:3])
    (tmp_path / "blurry" / f"{first}.png").unlink()
    (tmp_path / "fields" / f"{second}.npz").write_bytes(b"PK nothing")
    save_field(tmp_path / "fields" / f"{third}.npz", pair(2).field.crop(0, 0, 8, 7))
    missing, damaged, narrow = faults_of_folder(tmp_path)
    assert f"{first}.png is missing" in missing
    assert f"{second}.npz holds no motion field" in damaged
    assert f"{third}.npz is of 7 x 8 pixels, but" in narrow


@pytest.mark.parametrize("name", ["é" * 100, "😀" * 90, "..hidden", "blur"])
def test_names_are_of_a_length_that_file_systems_take_and_not_hidden(name):
    named = f"{name_of(name, 11)}.png"
    assert len(named.encode()) <= 255
    assert not named.startswith(".")
    assert named.endswith("_000012.png")


def test_a_field_comes_back_normalised_to_what_half_precision_holds(tmp_path):
    field = pair(1).field
    save_field(tmp_path / "field.npz", field)
    loaded = load_field(tmp_path / "field.npz")
    assert torch.allclose(loaded.basis, field.basis, rtol=1e-3)
    assert torch.allclose(loaded.coefficients, field.coefficients, rtol=1e-3)
    assert torch.allclose(loaded.basis.sum((-2, -1)), torch.ones(1, 2), atol=1e-6)
    with np.load(tmp_path / "field.npz") as file:
        assert {name: (file[name].dtype, file[name].shape) for name in file} == {
            "basis": (np.float16, (2, 3, 3)), "coefficients": (np.float16, (2, 8, 8)),
        }  # fmt: skip


@pytest.mark.parametrize("content", ["nothing", "text", "another", "unnormalised", "nan"])
def test_a_file_without_a_field_is_named(content, tmp_path):
    path = tmp_path / "field.npz"
    basis, coefficients = np.full((1, 3, 3), 1 / 9), np.ones((1, 4, 4))
    match content:
        case "nothing":
            path.touch()
        case "text":
            path.write_text("field")
        case "another":
            np.savez(path, kernels=basis)
        case "unnormalised":
            np.savez(path, basis=2 * basis, coefficients=coefficients)
        case "nan":
            np.savez(path, basis=basis, coefficients=np.nan * coefficients)
    with pytest.raises(ValueError, match=r"field\.npz holds no motion field \(.+\)\. Make it again"):
        load_field(path)


def test_training_holds_out_whole_photos(tmp_path):
    made(tmp_path)
    data = GoProDataModule(tmp_path, crop_size=8, num_workers=0)
    data.setup("fit")
    assert {sample["name"].split("_")[0] for sample in data.train_pairs} == {"photo0"}
    assert {sample["name"].split("_")[0] for sample in data.val_pairs} == {"photo1"}
