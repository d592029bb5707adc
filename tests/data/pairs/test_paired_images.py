import numpy as np
import pytest
import torch
from PIL import Image

from deblur_lightning.data.pairs.paired_images import PairedImages


@pytest.fixture
def folders(tmp_path):
    """Three pairs of noise, of which the sharp one is the blurry one's negative."""
    generator = np.random.default_rng(0)
    for kind in ("blur", "sharp"):
        (tmp_path / kind).mkdir()
    for name in ("a", "b", "c"):
        frame = generator.integers(0, 256, (20, 31, 3), np.uint8)
        Image.fromarray(frame).save(tmp_path / "blur" / f"{name}.png")
        Image.fromarray(255 - frame).save(tmp_path / "sharp" / f"{name}.png")
    return tmp_path


def test_whole_pictures_come_as_they_are(folders):
    sample = PairedImages.from_folders(folders / "blur", folders / "sharp")[1]
    frame = np.asarray(Image.open(folders / "blur/b.png"))
    assert sample["name"] == "b"
    assert sample["blurry"].dtype == torch.float32
    np.testing.assert_array_equal((sample["blurry"] * 255).permute(1, 2, 0).numpy(), frame)
    torch.testing.assert_close(sample["sharp"], 1 - sample["blurry"])


def test_both_pictures_are_cut_flipped_and_turned_alike(folders):
    pairs = PairedImages.from_folders(folders / "blur", folders / "sharp", crop_size=9)
    for epoch in range(20):
        sample = pairs[(epoch, 2)]
        assert sample["blurry"].shape == (3, 9, 9)
        torch.testing.assert_close(sample["sharp"], 1 - sample["blurry"])


def test_all_eight_symmetries_and_every_window_occur(folders):
    pairs = PairedImages.from_folders(folders / "blur", folders / "sharp", crop_size=19)
    windows = {pairs[(epoch, 0)]["blurry"].numpy().tobytes() for epoch in range(2500)}
    assert len(windows) == 8 * 2 * 13


def test_a_sample_depends_on_seed_epoch_and_index_alone(folders):
    def crop(key, seed=0):
        pairs = PairedImages.from_folders(folders / "blur", folders / "sharp", crop_size=9)
        pairs.seed = seed
        return pairs[key]["blurry"]

    torch.manual_seed(1)
    first = crop((3, 1))
    torch.manual_seed(2)
    np.random.seed(2)  # noqa: NPY002 - the global state must not matter
    assert torch.equal(first, crop((3, 1)))
    assert not torch.equal(first, crop((4, 1)))
    assert not torch.equal(first, crop((3, 1), seed=1))
    assert torch.equal(crop(1), crop((0, 1)))


@pytest.mark.parametrize("sharp_half", ["left", "right"])
def test_side_by_side_pictures_are_split_at_the_middle(tmp_path, sharp_half):
    both = np.zeros((4, 10, 3), np.uint8)
    both[:, :5] = 255
    Image.fromarray(both).save(tmp_path / "1.png")
    sample = PairedImages.side_by_side(tmp_path, sharp_half)[0]
    assert sample["sharp"].shape == sample["blurry"].shape == (3, 4, 5)
    assert sample["sharp"].unique().item() == (sharp_half == "left")
    assert sample["blurry"].unique().item() == (sharp_half == "right")


def test_a_list_gives_sharp_first(folders):
    (folders / "list.txt").write_text("sharp/a.png blur/a.png\nsharp/c.png blur/c.png\n")
    pairs = PairedImages.from_list(folders / "list.txt")
    expected = PairedImages.from_folders(folders / "blur", folders / "sharp")[2]
    assert len(pairs) == 2
    assert torch.equal(pairs[1]["sharp"], expected["sharp"])


def test_gray_and_transparent_pictures_become_rgb(tmp_path):
    Image.new("L", (5, 4), 51).save(tmp_path / "gray.png")
    Image.new("RGBA", (5, 4), (51, 51, 51, 0)).save(tmp_path / "glass.png")
    for sample in map(PairedImages.from_folders(tmp_path, tmp_path).__getitem__, range(2)):
        assert torch.equal(sample["blurry"], torch.full((3, 4, 5), 0.2))


def test_a_crop_larger_than_the_picture_is_refused(folders):
    pairs = PairedImages.from_folders(folders / "blur", folders / "sharp", crop_size=21)
    with pytest.raises(ValueError, match=r"31 x 20, but crop_size is 21. Pass crop_size=20"):
        pairs[0]
    with pytest.raises(ValueError, match=r"crop_size is 0.*Pass at least 1"):
        PairedImages([], crop_size=0)


def test_sixteen_bits_are_rounded_not_clipped(tmp_path):
    Image.fromarray(np.full((4, 5), 40000, np.uint16)).save(tmp_path / "deep.png")
    assert torch.all(PairedImages.from_folders(tmp_path, tmp_path)[0]["blurry"] == round(40000 / 257) / 255)
