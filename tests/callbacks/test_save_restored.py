import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader, Subset

from deblur_lightning.callbacks import SaveRestored
from deblur_lightning.data import GoProDataModule
from deblur_lightning.data.pairs.photos_alone import PhotosAlone, named
from deblur_lightning.deblurring import Deblurred, Deblurrer
from deblur_lightning.modules import RestorationModule

# Lightning advises on numbers of workers, which a run of seconds does not need.
pytestmark = pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning")


class Negative(Deblurrer):
    """Restores each picture to its negative."""

    def forward(self, blurry, exposure=None):
        return Deblurred(1 - blurry)


def trainer(folder):
    return Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False, callbacks=[SaveRestored(folder)],
    )  # fmt: skip


@pytest.fixture
def samples():
    generator = torch.Generator().manual_seed(0)
    names = ("GOPR1/000001", "GOPR1/000002", "../../escape")
    return [
        {"blurry": torch.rand(3, 17, 13, generator=generator), "sharp": torch.zeros(3, 17, 13), "name": name}
        for name in names
    ]


@pytest.mark.parametrize("job", ["test", "predict"])
def test_restored_pictures_are_written_under_their_names(samples, tmp_path, job):
    getattr(trainer(tmp_path / "out"), job)(RestorationModule(Negative()), DataLoader(samples, batch_size=2))
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert written == ["out/GOPR1/000001.png", "out/GOPR1/000002.png", "out/escape.png"]
    for sample, path in zip(samples, written, strict=True):
        expected = ((1 - sample["blurry"]) * 255).round().permute(1, 2, 0).numpy()
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / path)), expected)


def test_gray_pictures_are_written_gray(tmp_path):
    sample = {"blurry": torch.full((1, 12, 12), 0.2), "name": "gray"}
    trainer(tmp_path).predict(RestorationModule(Negative()), DataLoader([sample]))
    with Image.open(tmp_path / "gray.png") as picture:
        assert (picture.mode, picture.getpixel((0, 0))) == ("L", 204)


def predicted(root, folder):
    """Restore the photos of a folder to themselves."""

    class Same(Deblurrer):
        def forward(self, blurry, exposure=None):
            return Deblurred(blurry)

    trainer(folder).predict(RestorationModule(Same()), datamodule=GoProDataModule(root, num_workers=0))


def test_predictions_of_photos_keep_what_deblur_restore_keeps(tmp_path):
    """The orientation is applied, format, depth, transparency and maker stay."""
    root = tmp_path / "in"
    root.mkdir()
    random = np.random.default_rng(0)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation], exif[ExifTags.Base.Make] = 6, "Kamerawerk"
    Image.fromarray(random.integers(0, 256, (16, 24, 3), np.uint8)).save(root / "sideways.jpg", exif=exif)
    Image.fromarray(random.integers(0, 65536, (8, 9), np.uint16)).save(root / "deep.png")
    Image.fromarray(random.integers(0, 256, (8, 9, 4), np.uint8)).save(root / "clear.tif")
    Image.fromarray(random.integers(0, 256, (16, 24, 3), np.uint8)).save(root / "modern.avif")
    predicted(root, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "clear.tif", "deep.png", "modern.avif", "sideways.jpg",
    ]  # fmt: skip
    with Image.open(tmp_path / "out/sideways.jpg") as picture:
        assert picture.size == (16, 24)
        assert picture.getexif()[ExifTags.Base.Make] == "Kamerawerk"
        assert ExifTags.Base.Orientation not in picture.getexif()
    for name in ("deep.png", "clear.tif"):
        with Image.open(root / name) as before, Image.open(tmp_path / "out" / name) as after:
            assert after.mode == before.mode
            np.testing.assert_array_equal(np.asarray(after), np.asarray(before))


def test_two_photos_of_one_name_do_not_overwrite_each_other(tmp_path):
    root = tmp_path / "in"
    root.mkdir()
    Image.new("RGB", (8, 8), "red").save(root / "anim.gif")
    Image.new("RGB", (8, 8), "blue").save(root / "anim.png")
    predicted(root, tmp_path / "out")
    colours = {path.name: Image.open(path).convert("RGB").getpixel((0, 0)) for path in (tmp_path / "out").iterdir()}
    assert sorted(colours.values()) == [(0, 0, 255), (255, 0, 0)]


def test_photos_have_names_of_their_own(tmp_path):
    paths = [tmp_path / name for name in ("a.png", "b.jpg", "b.png", "anim.gif", "anim.png", "anim.gif.png")]
    assert list(named(paths, tmp_path)) == ["a", "b.jpg", "b.png", "anim.gif", "anim.png", "anim.gif.png"]


def test_each_process_gives_a_photo_the_same_name(tmp_path):
    """Two of them, which know nothing of each other, each write one of two photos that both become PNGs."""
    root = tmp_path / "in"
    root.mkdir()
    Image.new("RGB", (8, 8), "red").save(root / "anim.gif")
    Image.new("RGB", (8, 8), "blue").save(root / "anim.png")
    photos = PhotosAlone(named(sorted(root.iterdir()), root))
    for rank in (0, 1):
        trainer(tmp_path / "out").predict(RestorationModule(Negative()), DataLoader(Subset(photos, [rank])))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["anim.gif.png", "anim.png"]


def test_predictions_see_the_visible_part_alone_and_write_back_what_hides(tmp_path):
    root = tmp_path / "in"
    root.mkdir()
    pixels = np.full((20, 30, 4), 255, np.uint8)
    pixels[..., 3] = 0
    pixels[5:12, 7:21] = (10, 20, 30, 255)
    Image.fromarray(pixels).save(root / "cut.png")
    seen = []

    class Watching(Negative):
        def forward(self, blurry, exposure=None):
            seen.append(tuple(blurry.shape))
            return super().forward(blurry)

    trainer(tmp_path / "out").predict(RestorationModule(Watching()), datamodule=GoProDataModule(root, num_workers=0))
    assert seen == [(1, 3, 7, 14)]
    pixels[5:12, 7:21] = (245, 235, 225, 255)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out/cut.png")), pixels)


def test_a_second_prediction_writes_the_same_files_again(tmp_path):
    (tmp_path / "in").mkdir()
    Image.new("RGB", (8, 8), "red").save(tmp_path / "in" / "a.png")
    one = trainer(tmp_path / "out")
    for _ in range(2):
        one.predict(RestorationModule(Negative()), datamodule=GoProDataModule(tmp_path / "in", num_workers=0))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]
