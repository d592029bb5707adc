from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from deblur_lightning.data import KohlerDataModule, write_kohler_sample
from deblur_lightning.data.kohler.sample import camera_path


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("kohler") / "set"
    assert write_kohler_sample(root, images=1, trajectories=2, frames=4, size=161) == 2
    return root


def test_the_sample_set_has_the_layout_of_the_benchmark(sample: Path) -> None:
    files = sorted(path.relative_to(sample).as_posix() for path in sample.rglob("*.png"))
    frames = [f"Image1/Kernel{k}/GroundTruth1_{k}_{number}.png" for k in (1, 2) for number in (1, 2, 3, 4)]
    assert files == ["BlurryImages/Blurry1_1.png", "BlurryImages/Blurry1_2.png", *frames]
    assert [path.name for path in sample.parent.iterdir()] == ["set"]


def test_a_blurry_shot_is_about_the_mean_of_its_frames(sample: Path) -> None:
    blurry = np.asarray(Image.open(sample / "BlurryImages" / "Blurry1_1.png"), dtype=float)
    frames = [np.asarray(Image.open(path), dtype=float) for path in (sample / "Image1" / "Kernel1").iterdir()]
    gain = blurry.mean() / np.mean(frames)
    assert 0.94 <= gain <= 1.06
    assert gain != pytest.approx(1, abs=1e-3)
    assert np.abs(blurry / gain - np.mean(frames, axis=0)).mean() < 5


def test_the_same_seed_makes_the_same_set_and_finds_it_made(sample: Path, tmp_path: Path) -> None:
    write_kohler_sample(tmp_path / "again", images=1, trajectories=2, frames=4, size=161)
    for path in sample.rglob("*.*"):
        assert (tmp_path / "again" / path.relative_to(sample)).read_bytes() == path.read_bytes() or path.is_dir()
    before = (sample / "sample.json").stat().st_mtime_ns
    write_kohler_sample(sample, images=1, trajectories=2, frames=4, size=161)
    assert (sample / "sample.json").stat().st_mtime_ns == before


def test_a_path_moves_in_all_six_degrees_of_freedom_and_rests_in_its_middle() -> None:
    path = camera_path(25, np.random.default_rng(0))
    assert (np.ptp(path, axis=0) > 0).all()
    np.testing.assert_array_equal(path[12], 0)


def test_what_cannot_be_made_is_said(sample: Path, tmp_path: Path) -> None:
    for wrong in ({"images": 5}, {"trajectories": 13}, {"frames": 1}, {"size": 160}):
        with pytest.raises(ValueError, match=r"can be made. Choose from these"):
            write_kohler_sample(tmp_path / "set", **wrong)
    with pytest.raises(FileExistsError, match=r"holds something else.*name another"):
        write_kohler_sample(sample, images=1, trajectories=1, frames=4, size=161)


def test_batches_hold_the_blurry_shot_its_name_and_its_frames(sample: Path) -> None:
    data = KohlerDataModule(sample, num_workers=1)
    data.setup("test")
    batches = list(data.test_dataloader())
    assert [batch["name"] for batch in batches] == [["Blurry1_1"], ["Blurry1_2"]]
    blurry, frames = batches[1]["blurry"], batches[1]["frames"]
    assert blurry.shape == (1, 3, 161, 161)
    assert blurry.dtype == torch.float32
    pixels = np.asarray(Image.open(sample / "BlurryImages" / "Blurry1_2.png"))
    np.testing.assert_array_equal((blurry[0] * 255).round().byte().permute(1, 2, 0), pixels)
    assert [frame.shape for frame in frames[0]] == [(161, 161, 3)] * 4


def test_pictures_can_be_chosen(sample: Path) -> None:
    data = KohlerDataModule(sample, pictures=["1_2"])
    data.setup("predict")
    assert [batch["name"] for batch in data.predict_dataloader()] == [["Blurry1_2"]]


def test_blurry_shots_alone_are_enough_to_restore_but_not_to_score(sample: Path) -> None:
    data = KohlerDataModule(sample / "BlurryImages")
    data.setup("predict")
    assert all("frames" not in batch for batch in data.predict_dataloader())
    with pytest.raises(FileNotFoundError, match=r"sharp frames of every picture. Unpack"):
        data.setup("test")


def test_a_picture_that_is_not_there_and_training_are_refused(sample: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"sharp frames of 3_4. Unpack"):
        KohlerDataModule(sample, pictures=["1_1", "3_4"]).setup("test")
    with pytest.raises(ValueError, match=r"Köhler is a test set. Train on"):
        KohlerDataModule(sample).setup("fit")
    with pytest.raises(ValueError, match="images are 1 to 4"):
        KohlerDataModule(sample, pictures=["5_1"])
