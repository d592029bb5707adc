import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from deblur_lightning.data import Files, GoProDataModule, Selection
from deblur_lightning.data.pairs.layouts import blur_of, blur_to_record
from deblur_lightning.data.pairs.pairing import Pair


def write_pair(folder: Path, name: str, generator: np.random.Generator, height: int = 24, width: int = 30) -> None:
    frame = generator.integers(0, 256, (height, width, 3), np.uint8)
    for kind, pixels in (("blur", frame), ("sharp", 255 - frame)):
        path = folder / kind / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)


@pytest.fixture
def root(tmp_path):
    """Three training sequences of four frames, one test sequence of two."""
    generator = np.random.default_rng(0)
    for sequence in ("GOPR1", "GOPR2", "GOPR3"):
        for frame in range(4):
            write_pair(tmp_path / "tree/train" / sequence, f"{frame:06d}", generator)
    for frame in range(2):
        write_pair(tmp_path / "tree/test/GOPR4", f"{frame:06d}", generator)
    return tmp_path / "tree"


def batches(root, epoch=0, **arguments):
    module = GoProDataModule(root, crop_size=16, batch_size=2, **{"num_workers": 0, **arguments})
    module.prepare_data()
    module.setup("fit")
    loader = module.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return list(loader)


def test_validation_holds_out_whole_training_sequences_and_the_test_split_is_apart(root):
    module = GoProDataModule(root, crop_size=16, num_workers=0)
    for stage in ("fit", "test", "predict"):
        module.setup(stage)
    assert {pair.sequence for pair in module.train_pairs.pairs} == {"GOPR1", "GOPR2"}
    assert {pair.sequence for pair in module.val_pairs.pairs} == {"GOPR3"}
    assert [pair.name for pair in module.test_pairs.pairs] == ["GOPR4/000000", "GOPR4/000001"]
    batch = next(iter(module.test_dataloader()))
    assert batch["blurry"].shape == (1, 3, 24, 30)
    assert batch["name"] == ["GOPR4/000000"]
    torch.testing.assert_close(batch["sharp"], 1 - batch["blurry"])
    assert next(iter(module.predict_dataloader()))["name"] == ["GOPR4/000000"]


def test_every_training_picture_comes_once_an_epoch(root):
    names = [name for batch in batches(root) for name in batch["name"]]
    assert sorted(names) == [f"GOPR{sequence}/{frame:06d}" for sequence in (1, 2) for frame in range(4)]
    assert batches(root)[0]["blurry"].shape == (2, 3, 16, 16)


def test_training_repeats_under_the_seed_whatever_the_number_of_workers(root):
    first = batches(root, epoch=1)
    for other in (
        batches(root, epoch=1, num_workers=2),
        batches(root, epoch=1, files=Files(cache=root.parent / "cache")),
    ):
        for one, two in zip(first, other, strict=True):
            assert one["name"] == two["name"]
            assert torch.equal(one["blurry"], two["blurry"])
            assert torch.equal(one["sharp"], two["sharp"])
    assert not torch.equal(first[0]["blurry"], batches(root, epoch=2)[0]["blurry"])
    assert not torch.equal(first[0]["blurry"], batches(root, epoch=1, seed=1)[0]["blurry"])


@pytest.mark.parametrize(
    ("subset", "names"),
    [
        (0.5, ["GOPR1/000000", "GOPR1/000002", "GOPR2/000000", "GOPR2/000002"]),
        (2, ["GOPR1/000000", "GOPR2/000000"]),
        (["GOPR2"], [f"GOPR2/{frame:06d}" for frame in range(4)]),
    ],
)
def test_a_subset_is_a_fraction_a_number_or_sequences(root, subset, names):
    module = GoProDataModule(root, selection=Selection(subset=subset), crop_size=16, num_workers=0)
    module.setup("fit")
    assert [pair.name for pair in module.train_pairs.pairs] == names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"selection": Selection(subset=9)}, r"subset is 9, but .* has 8 training pairs. Pass a fraction below 1"),
        ({"selection": Selection(subset=float("nan"))}, r"subset is nan"),
        ({"selection": Selection(subset=["GOPR9"])}, r"subset is GOPR9, but .* no such sequence among GOPR1"),
        ({"selection": Selection(held_out=["GOPR9"])}, r"held_out is GOPR9"),
        ({"selection": Selection(held_out=3)}, r"has 3 sequences, but 3 are held out. Pass selection.held_out=0"),
        ({"selection": Selection(held_out=4)}, r"has 3 sequences, but 3 are held out. Pass selection.held_out=0"),
        ({"selection": Selection(held_out=5)}, r"has 3 sequences, but 3 are held out. Pass selection.held_out=0"),
        ({"selection": Selection(held_out=-1)}, r"held_out is -1.*Pass 0.1 or 2"),
        ({"selection": Selection(held_out=float("inf"))}, r"held_out is inf.*Pass 0.1 or 2"),
        ({"crop_size": 25}, r"30 x 24, but crop_size is 25. Pass crop_size=24"),
        ({"blur": "blur_gamma"}, r"no blur_gamma folder. Pass blur=blur"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_before_training(root, arguments, message):
    module = GoProDataModule(root, **{"crop_size": 16, **arguments})
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        module.setup("fit")


def test_a_picture_is_no_list_of_pairs(root):
    picture = root / "test/GOPR4/blur/000001.png"
    with pytest.raises(ValueError, match=r"000001\.png is one picture, but pairs are needed\. Pass the folder"):
        GoProDataModule(picture).setup("fit")


def test_nothing_held_out_means_no_validation(root):
    module = GoProDataModule(root, selection=Selection(held_out=0), crop_size=16, num_workers=0)
    module.setup("fit")
    assert len(module.train_pairs) == 12
    assert module.val_dataloader() == []
    with pytest.raises(ValueError, match=r"no validation pictures, as held_out is 0\. Pass selection\.held_out=0\.1"):
        module.setup("validate")


def test_a_folder_without_splits_tests_on_what_training_never_saw(root):
    module = GoProDataModule(root / "train", crop_size=16, num_workers=0)
    module.setup("fit")
    module.setup("test")
    assert {pair.sequence for pair in module.test_pairs.pairs} == {"GOPR3"}
    every = GoProDataModule(root / "train", selection=Selection(evaluate_all=True))
    every.setup("test")
    assert len(every.test_pairs) == 12
    with pytest.raises(ValueError, match=r"held_out is 0. Pass selection.evaluate_all=True"):
        GoProDataModule(root / "train", selection=Selection(held_out=0)).setup("test")


def test_a_flat_folder_whose_held_out_pairs_alone_are_scored_says_so(tmp_path, root, monkeypatch):
    said = []
    monkeypatch.setattr("deblur_lightning.data.pairs.gopro.rank_zero_info", said.append)
    for number in range(4):
        write_pair(tmp_path / "flat", f"{number}", np.random.default_rng(number))
    GoProDataModule(tmp_path / "flat").setup("test")
    assert said == [
        f"test: 1 of 4 pairs of {tmp_path / 'flat'} (blur and sharp folders).",
        f"{tmp_path / 'flat'} makes no splits, so only the pairs held out from training are scored. "
        "Pass selection.evaluate_all=True to score all.",
    ]
    said.clear()
    GoProDataModule(tmp_path / "flat", selection=Selection(evaluate_all=True)).setup("test")
    GoProDataModule(root).setup("test")
    assert [line.partition(" pairs")[0] for line in said] == ["test: 4 of 4", "test: 2 of 2"]


def test_prediction_takes_a_folder_of_blurry_pictures_or_one(root):
    folder = root / "test/GOPR4/blur"
    module = GoProDataModule(folder, num_workers=0)
    module.setup("predict")
    assert [batch["name"] for batch in module.predict_dataloader()] == [["000000"], ["000001"]]
    assert "sharp" not in next(iter(module.predict_dataloader()))
    module = GoProDataModule(folder / "000001.png", num_workers=0)
    module.setup("predict")
    assert len(module.predict_photos) == 1


def test_a_hidden_folder_beside_photos_makes_them_no_data_set(root):
    folder = root / "test/GOPR4/blur"
    (folder / ".ipynb_checkpoints").mkdir()
    module = GoProDataModule(folder, num_workers=0)
    module.setup("predict")
    assert [name for name, _ in module.predict_photos.photos] == ["000000", "000001"]


def test_photos_to_restore_are_read_as_deblur_restore_reads_them(tmp_path):
    deep = np.random.default_rng(0).integers(0, 65536, (9, 12), np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for name in ("sideways.jpg", "sub/modern.avif", "sub/modern.webp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(deep.astype(np.uint8)).convert("RGB").save(tmp_path / name, exif=exif)
    (tmp_path / "blur_1.png").write_bytes((tmp_path / "deep.png").read_bytes())
    (tmp_path / "IMG_1.CR2").write_bytes(b"raw")
    module = GoProDataModule(tmp_path / "sub", num_workers=0)
    module.setup("predict")
    assert [batch["name"][0] for batch in module.predict_dataloader()] == ["modern.avif", "modern.webp"]
    for path in (tmp_path / "sub").iterdir():
        path.unlink()
    (tmp_path / "sub").rmdir()
    module = GoProDataModule(tmp_path, num_workers=0)
    with pytest.warns(UserWarning, match=r"passed over 1 picture of kinds that are not read \(\.cr2\)"):
        module.setup("predict")
    found = {batch["name"][0]: batch for batch in module.predict_dataloader()}
    assert sorted(found) == ["blur_1", "deep", "sideways"]
    assert found["sideways"]["blurry"].shape == (1, 3, 12, 9)
    assert torch.equal(found["deep"]["blurry"][0, 0], torch.from_numpy(deep.astype(np.float32) / 65535))
    assert found["deep"]["path"] == [str(tmp_path / "deep.png")]


def test_photos_that_cannot_be_read_are_named_before_the_first_is_restored(tmp_path):
    for number in range(3):
        Image.new("RGB", (9, 8)).save(tmp_path / f"{number}.png")
    (tmp_path / "1.png").write_bytes(b"no picture")
    for check in ("auto", "headers"):
        with pytest.raises(ValueError, match=r"1\.png is not a picture .* Or pass files.skip_corrupt=True"):
            GoProDataModule(tmp_path, files=Files(check=check)).setup("predict")
    module = GoProDataModule(tmp_path, files=Files(skip_corrupt=True))
    with pytest.warns(UserWarning, match=r"1 of 3 photos cannot be read and are left out: .*1\.png"):
        module.setup("predict")
    assert len(module.predict_photos) == 2


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize("harm", [damage, truncate, lambda path: path.write_bytes(b"")])
def test_a_corrupt_png_deep_in_the_set_is_named_before_training(root, harm):
    harm(root / "train/GOPR2/sharp/000002.png")
    with pytest.raises(ValueError, match=r"GOPR2/sharp/000002.png is damaged .* Copy it again"):
        GoProDataModule(root, crop_size=16).setup("fit")


def test_headers_alone_find_what_breaks_off(root):
    truncate(root / "train/GOPR2/sharp/000002.png")
    with pytest.raises(ValueError, match=r"000002.png is damaged \(it breaks off"):
        GoProDataModule(root, crop_size=16, files=Files(check="headers")).setup("fit")


def test_corrupt_pairs_are_left_out_with_a_count_on_request(root):
    damage(root / "train/GOPR2/sharp/000002.png")
    truncate(root / "train/GOPR1/blur/000001.png")
    module = GoProDataModule(root, crop_size=16, num_workers=0, files=Files(skip_corrupt=True))
    with pytest.warns(UserWarning, match=r"2 of 8 train pairs are damaged and left out: .*GOPR1/blur/000001.png"):
        module.setup("fit")
    assert len(module.train_pairs) == 6


def test_a_set_of_damaged_pictures_alone_is_refused_even_then(root):
    for path in (root / "test").rglob("*.png"):
        truncate(path)
    with pytest.raises(ValueError, match=r"All 2 pairs are damaged"):
        GoProDataModule(root, files=Files(skip_corrupt=True)).setup("test")


def test_pictures_of_different_sizes_are_named(root):
    Image.new("RGB", (29, 24)).save(root / "train/GOPR1/sharp/000003.png")
    with pytest.raises(ValueError, match=r"000003.png is 30 x 24, but .*000003.png is 29 x 24. Pair pictures"):
        GoProDataModule(root, crop_size=16).setup("fit")


def test_a_cache_is_built_once_and_anew_when_a_file_changes(root):
    cache = root.parent / "cache"
    before = batches(root, files=Files(cache=cache))
    (first,) = cache.glob("*.u8")
    assert first.stat().st_size == 16 * 24 * 30 * 3
    built = first.stat().st_mtime_ns
    batches(root, files=Files(cache=cache))
    assert first.stat().st_mtime_ns == built
    changed = root / "train/GOPR1/blur/000000.png"
    Image.new("RGB", (30, 24), "white").save(changed)
    os.utime(changed, ns=(1, 1))
    after = batches(root, files=Files(cache=cache))
    (second,) = cache.glob("*.u8")
    assert second != first
    differ = {
        name
        for one, two in zip(before, after, strict=True)
        for name, a, b in zip(one["name"], one["blurry"], two["blurry"], strict=True)
        if not torch.equal(a, b)
    }
    assert differ == {"GOPR1/000000"}
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("text", ["", "[" * 100_000])
def test_a_damaged_index_of_a_cache_is_named_with_the_remedy(root, text):
    cache = root.parent / "cache"
    before = batches(root, files=Files(cache=cache))
    (index,) = cache.glob("*.json")
    index.write_text(text)
    with pytest.raises(ValueError, match=r"frames-.*\.json is damaged .* Remove it: the cache is made anew"):
        batches(root, files=Files(cache=cache))
    index.unlink()
    after = batches(root, files=Files(cache=cache))
    assert all(torch.equal(one["blurry"], two["blurry"]) for one, two in zip(before, after, strict=True))


def test_a_disk_without_room_for_the_cache_is_said_before_building(root, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 10))
    with pytest.raises(OSError, match=r"0.00 GB free, but decoded frames take .* pass another cache folder"):
        GoProDataModule(root, crop_size=16, files=Files(cache=root.parent / "cache")).prepare_data()


def test_the_cache_says_its_size_on_disk(root, caplog):
    caplog.set_level("INFO")
    GoProDataModule(root, crop_size=16, files=Files(cache=root.parent / "cache")).prepare_data()
    assert "Decoding 16 frames once" in caplog.text
    assert "GB on disk" in caplog.text


@pytest.mark.parametrize("arguments", [{"batch_size": 0}, {"num_workers": -1}, {"crop_size": 0}])
def test_counts_of_nothing_are_refused(root, arguments):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))} is {next(iter(arguments.values()))}"):
        GoProDataModule(root, **arguments)


@pytest.mark.parametrize(
    ("folders", "blur"),
    [(["blur_gamma"], "blur_gamma"), (["other"], "blur"), (["blur_gamma", "blur"], "blur and blur_gamma")],
)
def test_the_blur_of_a_list_is_told_by_its_folders(folders, blur):
    pairs = [Pair(folder, "a", Path("GOPRO", folder, "1.png"), None) for folder in folders]
    assert blur_of(pairs, "blur") == blur


def test_a_folder_above_the_data_does_not_tell_the_blur():
    pair = Pair("1", "a", Path("/data/blur/GOPRO/test/a/blur_gamma/1.png"), None)
    assert blur_of([pair], "blur_gamma") == "blur_gamma"


@pytest.mark.parametrize(
    ("blurry", "there", "blur"),
    [
        ("set/a/blur/1.png", "set/a/blur_gamma", "blur"),
        ("set/a/blur_gamma/1.png", "set/a/blur_gamma", "blur_gamma"),
        ("set/blur/a/1.png", "set/blur_gamma", "blur"),
        ("set/a/blur/1.png", "set/a/sharp", ""),
        ("blur/set/a/input/1.png", "blur_gamma", ""),  # above the data
        ("elsewhere/a/blur/1.png", "elsewhere/a/blur_gamma", "blur"),  # a list's
    ],
)
def test_the_blur_is_recorded_of_any_set_that_has_two(tmp_path, blurry, there, blur):
    (tmp_path / there).mkdir(parents=True)
    root = tmp_path / ("blur/set" if blurry.startswith("blur/") else "set")
    pair = Pair("1", "a", tmp_path / blurry, tmp_path / "1.png")
    assert blur_to_record([pair], "blur", root) == blur


def test_blur_gamma_is_recorded_where_no_folder_tells_it(tmp_path):
    pair = Pair("1", "a", tmp_path / "set/input/1.png", tmp_path / "set/target/1.png")
    assert blur_to_record([pair], "blur_gamma", tmp_path / "set") == "blur_gamma"
