"""`deblur score` against scikit-image, from the files on."""

import csv
import json
import os
import re
import shlex
import sys

import numpy as np
import pytest
import scipy.ndimage
from PIL import Image
from skimage import data
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from small_models import write_small_checkpoint

from deblur_lightning.commands import main
from deblur_lightning.commands.score.figures import Scores
from deblur_lightning.commands.score.tables import as_markdown
from deblur_lightning.reports.gathering import gather_tables
from deblur_lightning.reports.results import file_hash, read_results, read_rows

NAMES = ("a", "scene/b")
WANG = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}


def masked(picture, radius, amount):
    """Unsharp masking by its definition."""
    return (picture + amount * (picture - scipy.ndimage.gaussian_filter(picture, (radius, radius, 0)))).clip(0, 1)


@pytest.fixture
def pictures(tmp_path):
    """Two sharp pictures of two sizes, their blurry and some restored ones, in folders, by name."""
    random = np.random.default_rng(0)
    made = {}
    for name, (top, height) in zip(NAMES, ((100, 48), (150, 57)), strict=True):
        sharp = data.astronaut()[top : top + height, 150:210] / 255
        blurry = scipy.ndimage.gaussian_filter(sharp, (1.5, 1.5, 0))
        restored = masked(blurry, 2, 1.0) + random.normal(0, 0.01, sharp.shape)
        made[name] = {"sharp": sharp, "blurry": blurry, "mine": restored}
        for kind, picture in made[name].items():
            path = tmp_path / kind / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            made[name][kind] = (picture.clip(0, 1) * 255).round().astype(np.uint8)
            Image.fromarray(made[name][kind]).save(path)
    return made


def run(tmp_path, *arguments):
    with pytest.raises(SystemExit) as end:
        main(["score", *map(str, arguments), "--store", str(tmp_path / "results.jsonl")])
    return end.value.code


def stored(tmp_path):
    result = read_results(tmp_path / "results.jsonl")[-1]
    rows = {row.pop("name"): row for row in read_rows(result, tmp_path / "results.jsonl")}
    return result, {name: {key: float(value) for key, value in row.items()} for name, row in rows.items()}


def expected(restored, sharp):
    """Both figures by scikit-image, of colour in [0, 1]."""
    axis = -1 if sharp.ndim == 3 else None
    return peak_signal_noise_ratio(sharp, restored, data_range=1), structural_similarity(
        sharp, restored, channel_axis=axis, **WANG
    )


def test_figures_are_scikit_images_to_a_millionth(pictures, tmp_path, capsys):
    files = [tmp_path / f"out.{suffix}" for suffix in ("csv", "md", "json")]
    outputs = [word for file in files for word in ("-o", file)]
    arguments = [tmp_path / "mine", tmp_path / "sharp", "--blurry", tmp_path / "blurry", *outputs]
    assert not run(tmp_path, *arguments)
    result, rows = stored(tmp_path)
    assert (result.method, result.dataset, result.pictures) == ("mine", tmp_path.name, 2)
    typed = ["deblur", "score", *map(str, arguments), "--store", str(tmp_path / "results.jsonl")]
    assert result.config == shlex.join(typed)
    assert result.device.startswith("cpu, ")
    assert (result.checkpoint, result.checkpoint_name, result.restores) == ("", "", False)
    for name, made in pictures.items():
        mine, sharp, blurry = (made[kind] / 255 for kind in ("mine", "sharp", "blurry"))
        psnr, ssim = expected(mine, sharp)
        before, _ = expected(blurry, sharp)
        row = rows[name]
        assert (row["psnr"], row["ssim_valid"]) == pytest.approx((psnr, ssim), abs=1e-6)
        assert (row["blurry_psnr"], row["gain"]) == pytest.approx((before, psnr - before), abs=1e-6)
        maps = [literal_ssim_map(mine[..., channel], sharp[..., channel]) for channel in range(3)]
        assert row["ssim"] == pytest.approx(np.mean(maps), abs=1e-6)
    for metric in ("psnr", "ssim_valid", "cw_ssim", "gain"):
        assert result.metrics[metric] == pytest.approx(np.mean([row[metric] for row in rows.values()]))
    listed = csv.DictReader(files[0].read_text().splitlines())
    assert {row["name"]: float(row["psnr"]) for row in listed} == {name: row["psnr"] for name, row in rows.items()}
    assert re.search(rf"\| scene/b +\| +{rows['scene/b']['psnr']:.2f} \|", files[1].read_text())
    content = json.loads(files[2].read_text())
    assert content["means"] == result.metrics
    assert content["pictures"]["a"] == rows["a"]
    printed = capsys.readouterr().out
    assert f"mine on {tmp_path.name}: RGB" in printed
    assert "mean of 2" in printed


def literal_ssim_map(x, y):
    """Wang's formula with scipy's Gaussian, the border mirrored without its pixel."""

    def mean(picture):
        return scipy.ndimage.gaussian_filter(picture, 1.5, mode="mirror", truncate=3.5)

    a, b, c, d = mean(x), mean(y), 0.01**2, 0.03**2
    upper = (2 * a * b + c) * (2 * (mean(x * y) - a * b) + d)
    return upper / ((a**2 + b**2 + c) * (mean(x * x) - a**2 + mean(y * y) - b**2 + d))


def test_luma_is_scored_as_scikit_image_converts_it_and_has_a_table_of_its_own(pictures, tmp_path, capsys):
    assert not run(tmp_path, tmp_path / "mine/a.png", tmp_path / "sharp/a.png", "--luma", "--no-cw-ssim")
    result, rows = stored(tmp_path)
    mine, sharp = (rgb2ycbcr(pictures["a"][kind])[..., 0] / 255 for kind in ("mine", "sharp"))
    assert (rows["a"]["psnr"], rows["a"]["ssim_valid"]) == pytest.approx(expected(mine, sharp), abs=1e-6)
    assert result.dataset == f"{tmp_path.name}, luma"
    assert "luma (Y of BT.601)" in capsys.readouterr().out
    assert set(rows["a"]) == {"psnr", "ssim", "ssim_valid"}


def test_an_aligned_score_is_that_of_the_picture_moved_back(tmp_path, capsys):
    noise = np.random.default_rng(3).normal(size=(64, 71, 3))
    soft = scipy.ndimage.gaussian_filter(noise, (2, 2, 0), mode="wrap")
    sharp = 0.5 + 0.4 * soft / abs(soft).max()
    spectrum = [scipy.ndimage.fourier_shift(np.fft.fft2(sharp[..., c]), (1.4, -2.3)) for c in range(3)]
    moved = np.stack([np.fft.ifft2(one).real for one in spectrum], axis=-1)
    for name, picture in (("sharp", sharp), ("moved", moved)):
        Image.fromarray((picture * 255).round().astype(np.uint8)).save(tmp_path / f"{name}.png")
    assert not run(tmp_path, tmp_path / "moved.png", tmp_path / "sharp.png", "--align", "--no-cw-ssim")
    result, rows = stored(tmp_path)
    assert (rows["sharp"]["shift_down"], rows["sharp"]["shift_right"]) == pytest.approx((-1.4, 2.3), abs=5e-3)
    assert rows["sharp"]["aligned_psnr"] > 50 > 30 > rows["sharp"]["psnr"]  # 8 bits are left
    assert "shift_down" not in result.metrics
    assert "PSNR aligned" in capsys.readouterr().out


def test_a_models_scores_are_stored_with_its_file(pictures, tmp_path):
    model = write_small_checkpoint(tmp_path / "model.ckpt")
    assert not run(tmp_path, tmp_path / "blurry/a.png", tmp_path / "sharp/a.png", "--checkpoint", model, "--no-cw-ssim")
    result, _ = stored(tmp_path)
    assert (result.method, result.checkpoint_name, result.checkpoint) == ("model", str(model), file_hash(model))
    assert f"--checkpoint {model}" in result.config
    assert result.seconds > 0
    assert result.restores


def test_a_data_set_brings_its_blurry_pictures_and_a_program_restores_them(pictures, tmp_path):
    root = tmp_path / "set"
    root.mkdir()
    (tmp_path / "blurry").rename(root / "blur")
    (tmp_path / "sharp").rename(root / "sharp")
    program = tmp_path / "brighten.py"
    program.write_text(
        "import sys\nfrom PIL import Image\n"
        "Image.open(sys.argv[1]).point(lambda v: min(255, v + 9)).save(sys.argv[2])\n"
    )
    command = f"{sys.executable} {program} {{in}} {{out}}"
    assert not run(tmp_path, root, "--command", command, "--save", tmp_path / "kept", "--no-cw-ssim")
    result, rows = stored(tmp_path)
    assert (result.method, result.dataset) == ("brighten", "set")
    assert result.seconds > 0
    assert f"--command '{command}'" in result.config
    for name, made in pictures.items():
        bright = np.minimum(made["blurry"].astype(int) + 9, 255)
        assert np.array_equal(np.asarray(Image.open(tmp_path / "kept" / f"{name}.png")), bright)
        psnr, _ = expected(bright / 255, made["sharp"] / 255)
        assert rows[name]["psnr"] == pytest.approx(psnr, abs=1e-6)
        assert rows[name]["gain"] < 0
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["a.png", "scene"]
    assert not run(tmp_path, tmp_path / "kept", root, "--no-cw-ssim")  # what was kept is scored as it was
    again, rows_again = stored(tmp_path)
    assert (again.method, rows_again) == ("kept", rows)


def test_a_program_may_take_a_whole_folder(pictures, tmp_path):
    program = tmp_path / "copy.py"
    program.write_text("import shutil, sys\nshutil.copytree(sys.argv[1], sys.argv[2] + '/results')\n")
    command = f"{sys.executable} {program} {{in_folder}} {{out_folder}}"
    assert not run(tmp_path, tmp_path / "blurry", tmp_path / "sharp", "--command", command, "--no-cw-ssim")
    assert {row["gain"] for row in stored(tmp_path)[1].values()} == {0.0}


@pytest.mark.parametrize("placeholders", ["{in} {out}", "{in_folder} {out_folder}"])
def test_a_program_that_writes_to_what_it_is_given_harms_no_picture_of_the_users(pictures, tmp_path, placeholders):
    for folder in ("blurry", "sharp"):  # whose names are the same once their slashes are gone
        picture = Image.open(tmp_path / folder / "a.png")
        for name in ("scene__c.png", "scene/c.png"):
            picture = picture.transpose(Image.Transpose.ROTATE_90)
            picture.save(tmp_path / folder / name)
    before = {path: path.read_bytes() for path in (tmp_path / "blurry").rglob("*.png")}
    program = tmp_path / "spoil.py"
    program.write_text(
        "import shutil, sys\nfrom pathlib import Path\n"
        "source, target = map(Path, sys.argv[1:])\n"
        "files = [source] if source.is_file() else sorted(source.iterdir())\n"
        "for file in files:\n"
        "    shutil.copy(file, target / file.name if target.is_dir() else target)\n"
        "    file.write_bytes(b'spoilt')\n"
    )
    command = f"{sys.executable} {program} {placeholders}"
    assert not run(tmp_path, tmp_path / "blurry", tmp_path / "sharp", "--command", command, "--no-cw-ssim")
    assert {path: path.read_bytes() for path in (tmp_path / "blurry").rglob("*.png")} == before
    rows = stored(tmp_path)[1]
    assert {"scene/c", "scene__c"} <= rows.keys()
    assert {row["gain"] for row in rows.values()} == {0.0}


def test_a_baseline_is_scored_by_the_same_road(pictures, tmp_path):
    assert not run(tmp_path, tmp_path / "blurry", tmp_path / "sharp", "--baseline", "unsharp", "--no-cw-ssim")
    result, rows = stored(tmp_path)
    assert result.method == "unsharp masking (scikit-image)"
    for name, made in pictures.items():
        ours = np.round(masked(made["blurry"] / 255, 5, 0.25) * 255) / 255
        psnr, _ = expected(ours, made["sharp"] / 255)
        assert rows[name]["psnr"] == pytest.approx(psnr, abs=0.01)  # rounded to 8 bits from float32


def test_names_that_are_no_utf_8_are_stored_and_in_tables(pictures, tmp_path):
    name = os.fsdecode("müll".encode("latin-1"))
    for kind in ("sharp", "mine"):
        (tmp_path / kind / "a.png").rename(tmp_path / kind / f"{name}.png")
    mine = (tmp_path / "mine").rename(tmp_path / name)
    outputs = [word for suffix in ("csv", "md", "json") for word in ("-o", tmp_path / f"out.{suffix}")]
    assert not run(tmp_path, mine, tmp_path / "sharp", *outputs)
    result, rows = stored(tmp_path)
    assert (result.method, set(rows)) == (name, {r"m\udcfcll", "scene/b"})
    assert set(json.loads((tmp_path / "out.json").read_text())["pictures"]) == {name, "scene/b"}
    with pytest.raises(SystemExit) as end:
        main(["tables", "--store", str(tmp_path / "results.jsonl")])
    assert not end.value.code
    assert r"m\udcfcll" in (tmp_path / "tables.md").read_text(encoding="utf-8")


def test_pictures_side_by_side_are_parted(pictures, tmp_path):
    (tmp_path / "both").mkdir()
    for number, made in enumerate(pictures.values()):
        both = np.concatenate((made["sharp"], made["blurry"]), axis=1)
        Image.fromarray(both).save(tmp_path / "both" / f"{number}.png")
    assert not run(tmp_path, tmp_path / "both", "--sharp-half", "left", "--baseline", "blurry", "--no-cw-ssim")
    psnrs = [expected(made["blurry"] / 255, made["sharp"] / 255)[0] for made in pictures.values()]
    assert [row["psnr"] for row in stored(tmp_path)[1].values()] == pytest.approx(psnrs, abs=1e-6)


def test_an_identical_picture_is_left_out_of_the_means_and_said(pictures, tmp_path, capsys):
    Image.fromarray(pictures["a"]["sharp"]).save(tmp_path / "mine/a.png")
    assert not run(tmp_path, tmp_path / "mine", tmp_path / "sharp", "--no-cw-ssim", "-o", tmp_path / "out.json")
    result, rows = stored(tmp_path)
    assert (result.pictures, result.metrics["psnr"]) == (1, rows["scene/b"]["psnr"])
    assert rows["a"]["psnr"] == np.inf
    assert "so in no mean: 1 of 2 pictures." in capsys.readouterr().out
    assert json.loads((tmp_path / "out.json").read_text())["pictures"]["a"]["psnr"] is None


@pytest.mark.parametrize(("alpha", "said"), [(255, False), (128, True)])
def test_transparent_pictures_are_said_to_be(pictures, tmp_path, capsys, alpha, said):
    picture = Image.fromarray(pictures["a"]["sharp"])
    picture.putalpha(alpha)
    picture.save(tmp_path / "mine/a.png")
    assert not run(tmp_path, tmp_path / "mine", tmp_path / "sharp", "--no-cw-ssim")
    note = "Transparent in part, and scored as though opaque: 1 restored picture (a)."
    assert (note in capsys.readouterr().out) is said


FAILS = "import sys; print('no weights', file=sys.stderr); sys.exit(3)"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mine"], "SHARP is missing.*--command, --baseline or --checkpoint"),
        (["mine", "none"], "none does not exist.*Check the path"),
        (["mine/a.png", "sharp"], "a.png is one picture, but there are 2 sharp ones. Pass a folder"),
        (["mine/scene", "sharp"], r"mine/scene has no restored picture of a \(2 such of 2\). Restore what is missing"),
        (["mine", "sharp/scene"], r"mine has no restored picture of b \(1 such of 1\)"),
        (["mine/a.png", "sharp/scene/b.png"], "60 x 48 pixels, but .*b.png has 60 x 57. Save it at full size"),
        (["mine", "sharp", "-o", "a.txt"], "a.txt, but .csv, .md, .json are written"),
        (["blurry", "--baseline", "unsharp", "--checkpoint", "blind"], "--baseline and --checkpoint are given"),
        (["blurry", "sharp", "--baseline", "unsharp", "--save", "mine"], "mine, but that is there and not an empty"),
        (["mine", "sharp", "--save", "kept"], "--save is kept, but mine is scored as it is.*Leave it out"),
        (["sharp", "--baseline", "unsharp"], "has no blurry picture to restore. Pass BLURRY SHARP"),
        (["blurry", "sharp", "--command", "python x.py {in}"], r"Write \{in\} and \{out\} for a picture"),
        (["blurry", "sharp", "--command", "no-such-program {in} {out}"], "there is no program no-such-program"),
        (["blurry", "sharp", "--command", f'{sys.executable} -c "{FAILS}" {{in}} {{out}}'], "3, saying: no weights"),
        (["blurry", "sharp", "--command", f'{sys.executable} -c "" {{in}} {{out}}'], "wrote no picture of a. Let it"),
        (["sharp", "blurry", "--baseline", "blurry"], "Swap them"),
        (["sharp", "sharp", "--method", "mine"], "a.png and all others equal their sharp pictures.*that were restored"),
    ],
)  # fmt: skip
def test_what_cannot_be_scored_is_said_and_nothing_is_stored(pictures, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(["score", *arguments])
    assert re.search(said, str(end.value.code)), end.value.code
    assert not (tmp_path / "results").exists()


def test_both_blurs_of_a_part_of_gopro_are_kept_apart(pictures, tmp_path, capsys):
    root = tmp_path / "part"
    for number, name in enumerate(NAMES):
        for kind, made in (("blur", "blurry"), ("blur_gamma", "mine"), ("sharp", "sharp")):
            folder = root / "test" / f"sequence{number}" / kind
            folder.mkdir(parents=True)
            Image.fromarray(pictures[name][made]).save(folder / "1.png")
    for blur in ("blur", "blur_gamma"):
        assert not run(tmp_path, root, "--baseline", "blurry", "--blur", blur, "--no-cw-ssim")
        sequence = root / "test/sequence0"
        assert not run(tmp_path, sequence / blur, sequence / "sharp", "--baseline", "blurry", "--no-cw-ssim")
        picture = sequence / blur / "1.png"
        assert not run(tmp_path, picture, sequence / "sharp/1.png", "--baseline", "blurry", "--no-cw-ssim")
    places = [(one.dataset, one.blur) for one in read_results(tmp_path / "results.jsonl")]
    both = ("blur", "blur_gamma")
    assert places == [(name, blur) for blur in both for name in ("part", "sequence0", "sequence0")]
    (table,) = (one for one in gather_tables(tmp_path / "results.jsonl") if one.title == "part")
    heads = [column.head for column in table.columns]
    assert {"PSNR (dB) on blur, measured", "PSNR (dB) on blur_gamma, measured"} <= set(heads)
    with pytest.raises(SystemExit) as end:
        main(["compare-runs", "blurry", "blurry", "--dataset", "part", "--store", str(tmp_path / "results.jsonl")])
    assert "in common: part blur; part blur_gamma. Name one by --dataset, and GoPro's by --blur" in str(end.value.code)


def test_a_store_that_cannot_be_written_is_told_before_anything_is_restored(pictures, tmp_path):
    (tmp_path / "results.jsonl").mkdir()
    kept = tmp_path / "kept"
    said = run(tmp_path, tmp_path / "blurry", tmp_path / "sharp", "--baseline", "blurry", "--save", kept)
    assert "results.jsonl cannot be written: Is a directory. Choose another store." in said
    assert not kept.exists()


def test_scores_are_printed_and_written_before_they_are_stored(pictures, tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr("deblur_lightning.reports.results.append_result", full)
    output = tmp_path / "scores.csv"
    said = run(tmp_path, tmp_path / "mine", tmp_path / "sharp", "--no-cw-ssim", "-o", output)
    assert "the disk is full" in said
    assert "mean of 2" in capsys.readouterr().out
    assert output.exists()


def test_a_bar_in_a_picture_s_name_divides_no_cell_of_a_markdown_table():
    figures = {"psnr": 20.0}
    rows = [line for line in as_markdown(Scores({"a|b": figures}, figures, 0, ()), "t").splitlines() if line[:1] == "|"]
    assert r"| a\|b " in rows[2]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [3] * 4
