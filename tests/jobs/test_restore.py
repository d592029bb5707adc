import numpy as np
import pytest
import torch
from deblur_lightning.jobs.restorer import SHORTEST_SIDE, TILE, Restorer, mirror_to
from PIL import Image

from deblur_lightning.exposure import Sides
from deblur_lightning.field import KernelField
from deblur_lightning.jobs.restore import restore_photos
from deblur_lightning.modules import DeblurGANModule, RestorationModule
from deblur_lightning.photos import read_photo


class Brighten(RestorationModule):
    """Stands for a model: a result that can be told by its pixels."""

    def restore(self, blurry):
        assert min(blurry.shape[-2:]) >= SHORTEST_SIDE
        return 0.5 + 0.5 * blurry


class Drawing(Brighten):
    def field(self, blurry):
        return KernelField(torch.full((1, 2, 9, 9), 1 / 81), torch.full((1, 2, *blurry.shape[-2:]), 0.5))


def photo(path, size=(80, 70), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(3).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(path, **options)
    return path


def restore(photos, output, module=None, tile=None, **options):
    lines, restorer = [], Restorer(module or Brighten(), "tiny", tile=tile)
    return restore_photos(photos, output, lambda: restorer, say=lines.append, **options), lines


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA", "P", "1"])
def test_a_photo_of_any_mode_is_restored_at_its_size(tmp_path, mode):
    source = photo(tmp_path / "a.png", mode=mode)
    report, lines = restore([source], tmp_path / "out")
    assert report.restored == [tmp_path / "out" / "a.png"]
    assert not report.failed
    assert "80 x 70" in lines[0]
    expected = 0.5 + 0.5 * read_photo(source)[0]
    assert torch.allclose(read_photo(report.restored[0])[0], expected, atol=0.5 / 255 + 1e-6)


def test_bad_photos_are_reported_and_the_others_restored(tmp_path):
    folder = tmp_path / "in"
    photo(folder / "a.png")
    photo(folder / "z" / "z.png")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "letter.jpg").write_text("Dear grandmother")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:2000])
    (folder / "loop.png").symlink_to(folder / "loop.png")
    report, _ = restore([folder, tmp_path / "missing.jpg"], tmp_path / "out")
    assert [path.relative_to(tmp_path / "out").as_posix() for path in report.restored] == ["a.png", "z/z.png"]
    assert {path.name for path, _ in report.failed} == {"empty.jpg", "letter.jpg", "cut.png", "loop.png", "missing.jpg"}
    assert all(reason.startswith(str(path)) for path, reason in report.failed)
    assert report.summary().startswith("restored 2 of 7 photos in")


@pytest.mark.parametrize(("strength", "said"), [(1.0, True), (0.0, False)])
def test_a_photo_that_the_model_returns_as_it_is_is_said_to_be_so(tmp_path, strength, said):
    class Still(Brighten):
        def restore(self, blurry):
            return blurry

    lines = []
    source = photo(tmp_path / "a.png")
    restore_photos([source], tmp_path / "out", lambda: Restorer(Still(), "tiny", strength), say=lines.append)
    assert ("hardly any motion seen, so its pixels are as they were" in lines[0]) is said
    assert "motion" not in restore([source], tmp_path / "bright")[1][0]


def test_nothing_to_do_loads_no_model(tmp_path):
    def load():
        raise AssertionError

    report = restore_photos([tmp_path / "missing.jpg"], tmp_path / "out", load)
    assert len(report.failed) == 1
    assert not (tmp_path / "out").exists()


def test_a_model_that_cannot_be_loaded_stops_the_job_with_its_own_error(tmp_path):
    def load():
        raise ValueError("this model is of another architecture")

    with pytest.raises(ValueError, match="another architecture"):
        restore_photos([photo(tmp_path / "a.png")], tmp_path / "out", load)


def test_results_that_are_there_are_kept_unless_overwritten(tmp_path):
    source, result = photo(tmp_path / "a.png"), tmp_path / "out" / "a.png"
    result.parent.mkdir()
    result.write_text("precious")
    report, lines = restore([source], tmp_path / "out")
    assert report.kept == [result]
    assert "Pass --overwrite" in lines[0]
    assert result.read_text() == "precious"
    report, _ = restore([source], tmp_path / "out", overwrite=True)
    assert report.restored == [result]


def test_a_photo_is_never_overwritten_by_its_own_result(tmp_path):
    source = photo(tmp_path / "a.png")
    before = source.read_bytes()
    report, _ = restore([source], tmp_path, overwrite=True)
    assert "overwritten by its own result" in report.failed[0][1]
    assert source.read_bytes() == before


def test_two_photos_of_one_name_do_not_overwrite_each_other(tmp_path):
    photo(tmp_path / "in" / "a.png")
    photo(tmp_path / "in" / "a.gif", mode="P")  # comes back as PNG
    report, _ = restore([tmp_path / "in"], tmp_path / "out")
    assert len(report.restored) == 1
    assert "already another photo's of this run" in report.failed[0][1]


def test_a_named_result_decides_the_format(tmp_path):
    report, _ = restore([photo(tmp_path / "a.png")], tmp_path / "sharp.jpg")
    with Image.open(report.restored[0]) as picture:
        assert picture.format == "JPEG"


@pytest.mark.parametrize("size", [(1, 1), (20_000, 1), (1, 300), (31, 31), (2, 65)])
def test_photos_smaller_than_a_kernel_are_mirrored_restored_and_cut_back(tmp_path, size):
    report, _ = restore([photo(tmp_path / "a.png", size)], tmp_path / "out")
    with Image.open(report.restored[0]) as picture:
        assert picture.size == size


def test_mirroring_continues_a_picture_without_a_jump():
    row = torch.tensor([1.0, 2.0, 3.0]).view(1, 1, 1, 3)
    assert mirror_to(row, 8)[0, 0, 5].tolist() == [1, 2, 3, 3, 2, 1, 1, 2]
    assert mirror_to(row, 1) is row


def test_a_large_photo_is_restored_tile_by_tile_with_progress(tmp_path):
    shares = []
    source = photo(tmp_path / "a.png", (700, 300))
    report = restore_photos(
        [source], tmp_path / "out", lambda: Restorer(Brighten(), "tiny", tile=256), watch=lambda name: shares.append
    )
    assert len(shares) > 4
    assert shares[-1] == 1
    expected = 0.5 + 0.5 * read_photo(source)[0]
    assert torch.allclose(read_photo(report.restored[0])[0], expected, atol=0.51 / 255)


@pytest.mark.parametrize("size", [(1090, 75), (75, 1090), (64, 40)])
def test_deblurgan_restores_a_photo_as_it_is_evaluated_whole(size):
    torch.manual_seed(4)
    module = DeblurGANModule(width=4, blocks=1, critic_width=4, content="l1").eval()
    photo = torch.rand(1, 3, *size) * torch.linspace(0.1, 1, size[1])
    whole = module.restore(mirror_to(photo, SHORTEST_SIDE))[..., : size[0], : size[1]]
    torch.testing.assert_close(Restorer(module, "gan").restore(photo.clone()), whole, rtol=0, atol=2e-6)
    if max(size) > 256:
        assert (Restorer(module, "gan", tile=256).restore(photo) - whole).abs().max() > 0.01


def test_what_is_too_large_to_be_restored_whole_comes_in_the_largest_tiles(monkeypatch):
    seen = []

    class Seeing(Brighten):
        def restore(self, blurry):
            seen.append(blurry.shape[-2:])
            return super().restore(blurry)

    monkeypatch.setattr(Seeing, "whole_pixels", 1500**2)
    Restorer(Seeing(), "tiny").restore(torch.rand(1, 1, 2000, 1100))
    assert seen == [(2000, 1100)]
    seen.clear()
    Restorer(Seeing(), "tiny").restore(torch.rand(1, 1, 2000, 1200))
    assert len(seen) == 2
    assert max(max(size) for size in seen) > TILE
    seen.clear()
    monkeypatch.setattr(Seeing, "whole_pixels", 0)
    Restorer(Seeing(), "tiny").restore(torch.rand(1, 3, 1025, 70))
    assert len(seen) == 2


def test_strength_goes_from_the_photo_itself_to_the_full_restoration():
    blurry = torch.rand(1, 3, 70, 80)
    assert torch.allclose(Restorer(Brighten(), "tiny", strength=0.0).restore(blurry), blurry)
    assert torch.allclose(Restorer(Brighten(), "tiny", strength=0.5).restore(blurry), 0.25 + 0.75 * blurry)
    assert torch.allclose(Restorer(Brighten(), "tiny").restore(blurry), 0.5 + 0.5 * blurry)
    with pytest.raises(ValueError, match=r"strength is 1\.5, but it is a share"):
        Restorer(Brighten(), "tiny", strength=1.5)


def test_a_model_that_answers_nan_fails_each_photo_without_a_file(tmp_path):
    class Broken(Brighten):
        def restore(self, blurry):
            return blurry / 0 * 0

    report, _ = restore([photo(tmp_path / "a.png")], tmp_path / "out", Broken())
    assert "answers with NaN" in report.failed[0][1]
    assert list((tmp_path / "out").iterdir()) == []


def test_too_little_memory_names_the_remedy(tmp_path):
    class Greedy(Brighten):
        def restore(self, blurry):
            return torch.empty(2**55)

    report, _ = restore([photo(tmp_path / "a.png")], tmp_path / "out", Greedy())
    assert "Lower --tile" in report.failed[0][1]


def test_the_motion_field_is_drawn_beside_the_result(tmp_path):
    report, _ = restore([photo(tmp_path / "a.png")], tmp_path / "out", Drawing(), kernels=True)
    assert not report.failed
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["a.png", "a_basis.png", "a_coefficients.png", "a_field.png"]


def test_a_photo_named_like_a_motion_field_does_not_overwrite_one(tmp_path):
    photo(tmp_path / "in" / "a.png")
    photo(tmp_path / "in" / "a_field.png")
    report, _ = restore([tmp_path / "in"], tmp_path / "out", Drawing(), kernels=True)
    assert "already another photo's" in report.failed[0][1]


def test_a_model_without_motion_fields_says_so(tmp_path):
    with pytest.raises(ValueError, match=r"Brighten restores without a motion field. Pass a checkpoint"):
        Restorer(Brighten(), "tiny").field(torch.rand(1, 3, 70, 70))


@pytest.mark.parametrize("blurry", [torch.full((1, 3, 70, 70), 200.0), torch.full((1, 3, 70, 70), 7).byte()])
def test_other_value_ranges_are_caught_before_the_model(blurry):
    with pytest.raises(ValueError, match=r"blurry .* \[0, 1\]"):
        Restorer(Brighten(), "tiny").restore(blurry)


def test_a_photo_of_one_tile_is_looked_at_once_for_result_and_field():
    class Counting(Drawing):
        sees_motion = True
        looks = 0

        def see(self, blurry, sides=None):
            self.looks += 1
            return super().see(blurry, sides)

    module = Counting()
    blurry = torch.rand(1, 3, 50, 60, generator=torch.Generator().manual_seed(1))
    restored, field = Restorer(module, "tiny", strength=0.5).see(blurry)
    assert module.looks == 1
    torch.testing.assert_close(restored, Restorer(module, "tiny", strength=0.5).restore(blurry))
    torch.testing.assert_close(field.coefficients, Restorer(module, "tiny").field(blurry).coefficients)
    assert field.coefficients.shape[-2:] == (50, 60)


def test_a_photo_of_many_tiles_still_has_the_field_of_the_whole():
    class Moving(Drawing):
        sees_motion = True

    blurry = torch.rand(1, 3, 300, 280, generator=torch.Generator().manual_seed(1))
    restored, field = Restorer(Moving(), "tiny", tile=256).see(blurry)
    torch.testing.assert_close(restored, 0.5 + 0.5 * blurry)
    assert field.coefficients.shape[-2:] == (300, 280)
    assert Restorer(Brighten(), "tiny").see(blurry)[1] is None


class Telling(Brighten):
    """Notes what it is told of the tiles' sides."""

    dark_gamma = 1.0

    def __init__(self):
        super().__init__()
        self.told = []

    def see(self, blurry, sides=None):
        self.told.append(sides)
        return super().see(blurry, sides)


def test_the_tiles_of_a_photo_that_fades_are_told_and_so_is_the_photographer(tmp_path):
    photo(tmp_path / "plain.png", (400, 300))
    pixels = np.asarray(Image.open(tmp_path / "plain.png")) // 2 + 120
    pixels[[0, -1]] //= 2
    pixels[:, [0, -1]] //= 2
    Image.fromarray(pixels).save(tmp_path / "faded.png")
    for name, fades in (("plain", False), ("faded", True)):
        module = Telling()
        report, lines = restore([tmp_path / f"{name}.png"], tmp_path / "out", module, tile=256)
        assert len(report.restored) == 1
        assert ("fades to black at its borders" in lines[0]) == fades
        assert len(module.told) == 6
        assert module.told[0] == (Sides(top=True, left=True) if fades else None)
        assert module.told[1] == (Sides(top=True) if fades else None)
