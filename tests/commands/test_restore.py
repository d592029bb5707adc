import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_models import small_motion_deblurrer, small_seeing_deblurrer, write_small_checkpoint

import deblur_lightning
from deblur_lightning.commands import main
from deblur_lightning.commands._result_files import ResultFiles
from deblur_lightning.commands.restore import restore_photos
from deblur_lightning.deblurring import Deblurred, Deblurrer, NoticedExposure, PhotoDeblurrer
from deblur_lightning.field import KernelField
from deblur_lightning.photos import read_photo


class Brighten(Deblurrer):
    """Stands for a model: a result that can be told by its pixels."""

    def forward(self, blurry, exposure=None):
        return Deblurred(0.5 + 0.5 * blurry)


class Drawing(Brighten):
    sees_motion = True

    def field(self, blurry, exposure=None):
        return KernelField(torch.full((1, 2, 9, 9), 1 / 81), torch.full((1, 2, *blurry.shape[-2:]), 0.5))


def photo(path, size=(80, 70), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(3).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(path, **options)
    return path


def restore(photos, output, model=None, tile=None, **options):
    lines, whole = [], PhotoDeblurrer(model or Brighten(), "tiny", tile=tile)
    return restore_photos(photos, output, lambda: whole, say=lines.append, **options), lines


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
def test_what_the_model_notes_of_a_photo_is_said_beside_it(tmp_path, strength, said):
    class Noting(Brighten):
        def forward(self, blurry, exposure=None):
            return Deblurred(blurry, None, ("it was a dark night",))

    lines, source = [], photo(tmp_path / "a.png")
    model = PhotoDeblurrer(Noting(), strength=strength)
    restore_photos([source], tmp_path / "out", lambda: model, say=lines.append)
    assert ("it was a dark night" in lines[0]) is said
    assert "night" not in restore([source], tmp_path / "bright")[1][0]


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


def test_photos_whose_results_are_there_are_not_decoded(tmp_path, monkeypatch):
    photo(tmp_path / "in" / "a.png")
    Image.new("RGB", (40, 40)).save(tmp_path / "in" / "b.png", "JPEG")  # its result is b.jpg
    restore([tmp_path / "in"], tmp_path / "out")
    photo(tmp_path / "in" / "new.png")
    decoded = []
    monkeypatch.setattr(
        "deblur_lightning.photos.read_photo", lambda path: (decoded.append(path.name), read_photo(path))[1]
    )
    report, _ = restore([tmp_path / "in"], tmp_path / "out")
    assert decoded == ["new.png"]
    assert report.kept == [tmp_path / "out" / "a.png", tmp_path / "out" / "b.jpg"]
    assert "kept 2 results that were there already" in report.summary()
    assert report.restored == [tmp_path / "out" / "new.png"]


def test_results_that_are_there_are_kept_unless_overwritten(tmp_path):
    source, result = photo(tmp_path / "a.png"), tmp_path / "out" / "a.png"
    result.parent.mkdir()
    result.write_text("precious")
    report, lines = restore([source], tmp_path / "out")
    assert report.kept == [result]
    assert report.summary() == "kept 1 result that was there already"  # not also: restored 0 of 0 photos
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


def test_an_animation_beside_a_picture_of_its_name_leaves_it_that_name(tmp_path):
    photo(tmp_path / "in" / "anim.gif", mode="P")  # comes back as PNG
    photo(tmp_path / "in" / "anim.png", (70, 80))
    report, _ = restore([tmp_path / "in"], tmp_path / "out")
    assert [path.name for path in report.restored] == ["anim.gif.png", "anim.png"]
    with Image.open(tmp_path / "out" / "anim.png") as picture:
        assert picture.size == (70, 80)


def test_two_photos_of_one_name_do_not_overwrite_each_other(tmp_path):
    first, second = photo(tmp_path / "one" / "a.png"), photo(tmp_path / "two" / "a.png")
    report, _ = restore([first, second], tmp_path / "out")
    assert len(report.restored) == 1
    assert "already another photo's of this run" in report.failed[0][1]


def test_a_photo_named_twice_is_restored_once(tmp_path):
    first = photo(tmp_path / "a.png")
    report, _ = restore([first, tmp_path / "*.png", first], tmp_path / "out")
    assert ([path.name for path in report.restored], report.failed) == (["a.png"], [])


def test_a_name_too_long_for_a_file_is_said_to_be(tmp_path):
    report, _ = restore([photo(tmp_path / "a.png")], tmp_path / "out", files=ResultFiles("é" * 126, None, None))
    said = report.failed[0][1]
    assert said.startswith(str(tmp_path / "a.png"))
    assert said.endswith("its result's name is longer than 255 bytes. Choose a shorter name or --suffix.")


def test_a_named_result_decides_the_format(tmp_path):
    report, _ = restore([photo(tmp_path / "a.png")], tmp_path / "sharp.jpg")
    with Image.open(report.restored[0]) as picture:
        assert picture.format == "JPEG"


@pytest.mark.parametrize("size", [(1, 1), (20_000, 1), (1, 300), (31, 31), (2, 65)])
def test_photos_smaller_than_a_kernel_are_mirrored_restored_and_cut_back(tmp_path, size):
    report, _ = restore([photo(tmp_path / "a.png", size)], tmp_path / "out")
    with Image.open(report.restored[0]) as picture:
        assert picture.size == size


def test_a_large_photo_is_restored_tile_by_tile_with_progress(tmp_path):
    shares = []
    source = photo(tmp_path / "a.png", (700, 300))
    report = restore_photos(
        [source], tmp_path / "out", lambda: PhotoDeblurrer(Brighten(), tile=256), watch=lambda name: shares.append
    )
    assert len(shares) > 4
    assert shares[-1] == 1
    expected = 0.5 + 0.5 * read_photo(source)[0]
    assert torch.allclose(read_photo(report.restored[0])[0], expected, atol=0.51 / 255)


def test_a_model_that_answers_nan_fails_each_photo_without_a_file(tmp_path):
    class Broken(Brighten):
        def forward(self, blurry, exposure=None):
            return Deblurred(blurry / 0 * 0)

    report, _ = restore([photo(tmp_path / "a.png")], tmp_path / "out", Broken())
    assert "answers with NaN" in report.failed[0][1]
    assert not (tmp_path / "out").exists()


def test_too_little_memory_names_the_remedy(tmp_path):
    class Greedy(Brighten):
        def forward(self, blurry, exposure=None):
            return Deblurred(torch.empty(2**55))

    report, _ = restore([photo(tmp_path / "a.png")], tmp_path / "out", Greedy())
    assert "lower --tile" in report.failed[0][1]


def test_the_motion_field_is_drawn_beside_the_result(tmp_path):
    report, _ = restore([photo(tmp_path / "a.png")], tmp_path / "out", Drawing(), kernels=True)
    assert not report.failed
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["a.png", "a_basis.png", "a_coefficients.png", "a_field.png"]


def test_two_formats_of_a_name_have_drawings_each(tmp_path):
    photo(tmp_path / "in" / "two.jpg")
    photo(tmp_path / "in" / "two.png")
    report, lines = restore([tmp_path / "in"], tmp_path / "out", Drawing(), kernels=True)
    assert not report.failed
    parts = ("basis", "coefficients", "field")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted(
        ["two.jpg", "two.png", *(f"two{kind}_{part}.png" for kind in ("", ".png") for part in parts)]
    )
    assert [line.partition("motion drawn in ")[2] for line in lines if "motion" in line] == [
        "two_field.png, two_basis.png, two_coefficients.png",
        "two.png_field.png, two.png_basis.png, two.png_coefficients.png",
    ]
    again, _ = restore([tmp_path / "out"], tmp_path / "next", Drawing())
    assert sorted(path.name for path in again.restored) == ["two.jpg", "two.png"]
    assert again.notes == ["passed over 6 drawings of motion fields"]


def test_a_broken_photo_leaves_its_result_s_name_to_the_next_of_that_name(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.png").write_bytes(photo(tmp_path / "whole.png").read_bytes()[:200])
    sound = photo(tmp_path / "two" / "a.png")
    report, _ = restore([tmp_path / "one" / "a.png", sound], tmp_path / "out", Drawing(), kernels=True)
    assert [source for source, _ in report.failed] == [tmp_path / "one" / "a.png"]
    assert report.restored == [tmp_path / "out" / "a.png"]
    assert (tmp_path / "out" / "a_field.png").is_file()


@pytest.mark.parametrize("overwrite", [False, True])
def test_drawings_replace_drawings_and_never_a_photo(tmp_path, overwrite):
    source, other = photo(tmp_path / "a.jpg"), photo(tmp_path / "out" / "a_basis.png")
    before = other.read_bytes()
    report, _ = restore([source], tmp_path / "out", Drawing(), kernels=True, overwrite=overwrite)
    assert f"its motion field would replace {other}, which is none that was drawn here" in report.failed[0][1]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a_basis.png"]
    assert other.read_bytes() == before
    other.unlink()
    for _ in range(2):  # also where only the result went, as after an interruption
        report, _ = restore([source], tmp_path / "out", Drawing(), kernels=True, overwrite=overwrite)
        assert not report.failed
        (tmp_path / "out" / "a.jpg").unlink()


def test_a_photo_whose_motion_cannot_be_drawn_has_no_result_that_would_pass_for_done(tmp_path, monkeypatch):
    def fails(*given):
        raise OSError(28, "No space left on device", "a_field.png")

    monkeypatch.setattr("deblur_lightning.commands.restore.draw_kernels", fails)
    source = photo(tmp_path / "a.png")
    report, _ = restore([source], tmp_path / "out", Drawing(), kernels=True)
    assert report.failed == [
        (source, "a_field.png: No space left on device. Check the path, its permissions and the space left.")
    ]
    assert not (tmp_path / "out").exists()


def test_motion_that_a_model_does_not_see_is_not_asked_of_it(tmp_path):
    with pytest.raises(
        ValueError, match=r"tiny sees no motion that could be drawn\. Pass --checkpoint blind, learned or"
    ):
        restore([photo(tmp_path / "a.png")], tmp_path / "out", Brighten(), kernels=True)
    assert not (tmp_path / "out").exists()


def test_the_motion_drawn_is_what_a_network_sees_where_there_is_one(tmp_path, monkeypatch):
    model, source, drawn = small_seeing_deblurrer(), photo(tmp_path / "a.png"), []
    monkeypatch.setattr(
        "deblur_lightning.commands.restore.draw_kernels", lambda *given: [drawn.append(given[-1]), given[2]][1:]
    )
    restore([source], tmp_path / "out", model, kernels=True)
    torch.testing.assert_close(drawn[0], model.field(read_photo(source)[0]))


def test_a_photo_named_like_a_motion_field_does_not_overwrite_one(tmp_path):
    photo(tmp_path / "in" / "a.png")
    photo(tmp_path / "in" / "a_field.png")
    report, _ = restore([tmp_path / "in"], tmp_path / "out", Drawing(), kernels=True)
    assert "already another photo's" in report.failed[0][1]


def test_a_photo_that_fades_is_said_to(tmp_path):
    photo(tmp_path / "plain.png", (400, 300))
    pixels = np.asarray(Image.open(tmp_path / "plain.png")) // 2 + 120
    pixels[[0, -1]] //= 2
    pixels[:, [0, -1]] //= 2
    Image.fromarray(pixels).save(tmp_path / "faded.png")
    for name, fades in (("plain", False), ("faded", True)):
        model = small_motion_deblurrer(iterations=1, exposure=NoticedExposure())
        report, lines = restore([tmp_path / f"{name}.png"], tmp_path / "out", model, tile=256)
        assert len(report.restored) == 1
        assert ("fades to black at its borders" in lines[0]) == fades


@pytest.fixture
def checkpoint(tmp_path):
    return write_small_checkpoint(tmp_path / "tiny.ckpt")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in" / "day 1").mkdir(parents=True)
    pixels = np.random.default_rng(3).integers(0, 255, (40, 90, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(pixels).save(tmp_path / "in" / "a [b].jpg", exif=exif)
    Image.fromarray(pixels).convert("LA").save(tmp_path / "in" / "day 1" / "gray.png")
    return tmp_path / "in"


def run(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return stopped.value.code


def test_a_folder_is_restored_with_its_structure_and_the_model_and_time_are_said(folder, checkpoint, tmp_path, capsys):
    options = ("--iterations", 1, "--strength", 0.5, "--gamma", 2, "--tile", 256)
    assert run("restore", folder, "-o", tmp_path / "out", "--checkpoint", checkpoint, *options) == 0
    said = capsys.readouterr().out
    assert "tiny.ckpt (Adaptive)" in said
    assert "a [b].jpg: 40 x 90" in said  # turned upright; brackets are no markup
    assert "restored 2 of 2 photos in" in said
    with Image.open(tmp_path / "out" / "a [b].jpg") as upright:
        assert upright.size == (40, 90)
    with Image.open(tmp_path / "out" / "day 1" / "gray.png") as gray:
        assert (gray.mode, gray.size) == ("LA", (90, 40))


def test_a_bad_photo_gives_status_one_after_the_others_are_done(folder, checkpoint, tmp_path, capsys):
    (folder / "cut.png").write_bytes((folder / "day 1" / "gray.png").read_bytes()[:300])
    assert run("restore", folder, "-o", tmp_path / "out", "--checkpoint", checkpoint) == 1
    said = capsys.readouterr()
    assert "restored 2 of 3 photos" in said.out
    assert said.err.startswith(f"failed: {folder / 'cut.png'} is damaged")


@pytest.mark.parametrize("command", ["restore", "page"])
def test_whether_a_photo_can_be_read_is_found_when_its_turn_comes(command, checkpoint, tmp_path, capsys, monkeypatch):
    access = os.access  # what Typer would ask, and stop before the first photo
    monkeypatch.setattr("os.access", lambda path, mode: not str(path).endswith(".png") and access(path, mode))
    photo(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"")
    photos = (tmp_path / "b.png", tmp_path / "a.png")
    assert run(command, *photos, "-o", tmp_path / "out", "--checkpoint", checkpoint) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"failed: {photos[0]} is empty")
    assert str(photos[1]) in said.out


def test_a_strength_of_nothing_loads_no_model_and_writes_the_photo_as_any_result(tmp_path, capsys, monkeypatch):
    def load(*_, **__):
        raise AssertionError

    monkeypatch.setattr("deblur_lightning.deblurring.load_deblurrer", load)
    exif = Image.Exif()
    exif[271] = "Maker"
    source = photo(tmp_path / "a.jpg", exif=exif)
    options = ("--suffix", "_sharp", "--format", "png", "--strength", 0)
    assert run("restore", source, "-o", tmp_path, "--checkpoint", "learned", *options) == 0
    said = capsys.readouterr().out
    assert "model: none, for --strength 0 restores nothing: photos are only written anew" in said
    assert "restored 1 of 1 photo" in said
    with Image.open(tmp_path / "a_sharp.png") as result, Image.open(source) as before:
        assert (result.format, result.getexif()[271]) == ("PNG", "Maker")
        assert np.array_equal(result, before)
    with pytest.raises(AssertionError):  # the motion has to be looked for to be drawn
        main(["restore", str(source), "-o", str(tmp_path / "drawn"), "--strength", "0", "--kernels"])


def test_options_out_of_reach_stop_the_job_before_any_photo(folder, checkpoint, tmp_path):
    said = run("restore", folder, "-o", tmp_path / "out", "--checkpoint", checkpoint, "--tile", 8)
    assert "Pass at least 256" in said
    assert not (tmp_path / "out").exists()


def test_an_unknown_method_is_refused_by_its_option(folder, tmp_path, capsys):
    assert run("restore", folder, "-o", tmp_path / "out", "--method", "magic") == 2
    assert "--method is 'magic', but it should be one of 'basic', 'saturated', 'combined'." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_motion_field_is_drawn(folder, checkpoint, tmp_path, capsys):
    assert run("kernels", folder / "a [b].jpg", "-o", tmp_path / "out", "--checkpoint", checkpoint) == 0
    assert "40 x 90" in capsys.readouterr().out
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["a [b]_basis.png", "a [b]_coefficients.png", "a [b]_field.png"]
    Image.new("RGB", (40, 40)).save(tmp_path / "out" / "a [b]_field.png")
    refused = run("kernels", folder / "a [b].jpg", "-o", tmp_path / "out", "--checkpoint", checkpoint)
    assert "a [b]_field.png, which is none that was drawn here" in str(refused)


def spoken(encoding, *arguments):
    """Run `deblur` as a program whose output goes to a file in another encoding."""
    code = "from deblur_lightning.commands import main; main()"
    root = Path(deblur_lightning.__file__).parent.parent
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONIOENCODING": encoding},
    )


def test_names_that_the_terminal_s_encoding_lacks_are_escaped_and_no_photo_fails_for_it(tmp_path, checkpoint):
    photo(tmp_path / "in" / "李.png")
    done = spoken("cp1252", "restore", tmp_path / "in", "-o", tmp_path / "out", "--checkpoint", checkpoint)
    assert done.returncode == 0, done.stderr
    assert rb"\u674e.png" in done.stdout
    assert b"restored 1 of 1 photo" in done.stdout
    assert (tmp_path / "out" / "李.png").is_file()
    missing = spoken("ascii", "restore", tmp_path / "李.png", "-o", tmp_path / "out", "--checkpoint", checkpoint)
    assert missing.returncode == 1
    assert rb"\u674e.png does not exist" in missing.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such names")
def test_control_characters_of_a_name_do_not_reach_the_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo(tmp_path / "a\x1b[31m.png")
    run("restore", "a\x1b[31m.png", "none\x1b[2J.png", "-o", "out", "--strength", 0)
    told = run("restore", "a\x1b[31m.png", "-o", "out/\x1b[2J.gif")
    said = capsys.readouterr()
    assert r"a\x1b[31m.png -> out/a\x1b[31m.png: " in said.out
    assert r"none\x1b[2J.png does not exist" in said.err
    assert r"\x1b[2J.gif" in told
    assert "\x1b" not in said.out + said.err + told


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that are not Unicode")
def test_a_name_that_is_no_unicode_is_restored_and_printed(tmp_path, checkpoint):
    source = photo(tmp_path / "a.png")
    name = os.fsdecode(b"caf\xe9.png")
    (tmp_path / "in").mkdir()
    source.rename(tmp_path / "in" / name)
    done = spoken("utf-8", "restore", tmp_path / "in", "-o", tmp_path / "out", "--checkpoint", checkpoint)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / name).is_file()


def test_a_reader_that_goes_away_is_no_photo_s_failure(tmp_path):
    lines = []

    def say(line):
        lines.append(line)
        raise BrokenPipeError

    source = photo(tmp_path / "a.png")
    with pytest.raises(BrokenPipeError):
        restore_photos([source], tmp_path / "out", lambda: PhotoDeblurrer(Brighten()), say=say)
    assert len(lines) == 1
