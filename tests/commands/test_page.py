"""`deblur page` adds photos and gathers what there is."""

import json
import os

import numpy as np
import pytest
import torch
from PIL import Image
from small_models import small_seeing_deblurrer, write_small_checkpoint
from unpacked_field import unpack_field

from deblur_lightning.commands import main
from deblur_lightning.commands.kernels import shrink_to_show
from deblur_lightning.deblurring import load_deblurrer
from deblur_lightning.photos import read_photo


@pytest.fixture
def checkpoint(tmp_path):
    return write_small_checkpoint(tmp_path / "tiny.ckpt")


def run(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return stopped.value.code


def test_a_folder_of_photos_is_added_with_fields_and_scores(tmp_path, checkpoint):
    (tmp_path / "in" / "day").mkdir(parents=True)
    for path in ("a.png", "day/b.png"):
        Image.effect_noise((90, 70), 80).convert("RGB").save(tmp_path / "in" / path)
    out = tmp_path / "out"
    options = ("--sharp", tmp_path / "in", "--dataset", "mine", "-o", out)
    assert run("page", tmp_path / "in", "--checkpoint", checkpoint, *options) == 0
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob("page/*/picture.json"))]
    assert [(one["dataset"], one["name"]) for one in records] == [("mine", "a.png"), ("mine", "day/b.png")]
    assert [one["title"] for one in records[0]["pictures"]] == ["Blurry", "Adaptive", "Sharp"]
    assert [one["title"] for one in records[0]["fields"]] == ["Adaptive"]
    assert set(records[0]["scores"]["Adaptive"]) == {"psnr", "ssim"}
    assert "mine: day/b.png" in (out / "index.html").read_text(encoding="utf-8")


def test_the_motion_shown_is_what_a_network_sees_where_there_is_one(tmp_path):
    checkpoint = write_small_checkpoint(tmp_path / "seeing.ckpt", small_seeing_deblurrer())
    Image.effect_noise((120, 90), 80).save(tmp_path / "a.png")
    assert run("page", tmp_path / "a.png", "--checkpoint", checkpoint, "-o", tmp_path / "out") == 0
    (record,) = (json.loads(path.read_text()) for path in tmp_path.glob("out/page/*/picture.json"))
    assert record["notes"]["Learned"].endswith("left as it was.")
    (script,) = tmp_path.glob("out/page/*/field*.js")
    shown = unpack_field(json.loads(script.read_text().partition(", ")[2].rstrip(")\n")))
    seen = load_deblurrer(checkpoint).field(read_photo(tmp_path / "a.png")[0])
    for row, column in ((10, 20), (50, 100)):
        torch.testing.assert_close(shown.kernel_at(row, column), seen.kernel_at(row, column), atol=0.01, rtol=0)


@pytest.mark.parametrize("others", [True, False])
def test_a_bad_photo_is_reported_and_the_page_written_if_it_shows_others(tmp_path, checkpoint, capsys, others):
    (tmp_path / "text.jpg").write_text("no picture")
    Image.effect_noise((70, 60), 80).save(tmp_path / "a.png")
    photos = [tmp_path / name for name in ("text.jpg", "a.png")[: 1 + others]]
    assert run("page", *photos, "--checkpoint", checkpoint, "-o", tmp_path / "out") == 1
    assert "text.jpg is not a picture that can be read" in capsys.readouterr().err
    assert (tmp_path / "out" / "index.html").is_file() == others


def test_without_photos_no_model_is_needed(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("page") == 0
    assert "Page: results/index.html" in capsys.readouterr().out
    (store := tmp_path / "other" / "results.jsonl").parent.mkdir()
    store.touch()
    assert run("tables", "--store", store, "--only", "sample") == 0
    assert (tmp_path / "other" / "index.html").is_file()


def test_a_large_photo_is_restored_at_its_size_and_shown_smaller(tmp_path, checkpoint, capsys, monkeypatch):
    monkeypatch.setattr("deblur_lightning.commands.page.VIEWED", 5000)
    Image.effect_noise((100, 80), 80).save(tmp_path / "a.png")
    photo = tmp_path / "a.png"
    assert run("page", photo, "--checkpoint", checkpoint, "--sharp", photo, "-o", tmp_path / "out") == 0
    assert "photo/a.png, 50 x 40 of 100 x 80" in capsys.readouterr().out
    (record,) = (json.loads(path.read_text()) for path in tmp_path.glob("out/page/*/picture.json"))
    assert (record["width"], record["height"]) == (50, 40)
    assert record["reduced"] == 2
    source = np.asarray(Image.open(photo), float)
    restored = load_deblurrer(checkpoint)(read_photo(photo)[0]).picture[0].mean(0).numpy() * 255
    for version, whole in zip(record["pictures"], (source, restored, source), strict=True):
        shown = np.asarray(Image.open(next(tmp_path.glob(f"out/page/*/{version['file']}"))).convert("L"), float)
        halves = whole.reshape(40, 2, 50, 2).mean(axis=(1, 3))
        np.testing.assert_allclose(shown, halves, atol=1.5)


@pytest.mark.parametrize(
    ("size", "pixels", "side", "shown"),
    [
        ((40, 60), 2400, 60, (40, 60)),
        ((40, 60), 2399, 60, (20, 30)),
        ((4, 100), 400, 60, (2, 50)),
        ((1, 90), 9, 9, (1, 5)),
    ],
)
def test_a_picture_is_halved_until_it_fits(size, pixels, side, shown):
    assert shrink_to_show(torch.zeros(1, 3, *size), pixels, side).shape[-2:] == shown


def test_a_photo_whose_name_is_no_utf_8_is_shown(tmp_path, checkpoint):
    photo = tmp_path / os.fsdecode("müll.png".encode("latin-1"))
    Image.effect_noise((70, 60), 80).save(photo)
    assert run("page", photo, "--checkpoint", checkpoint, "-o", tmp_path / "out") == 0
    assert r"m\udcfcll.png" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_two_photos_of_a_name_are_not_one_on_the_page(tmp_path, checkpoint, capsys):
    for folder, shape in (("one", (90, 70)), ("two", (60, 50))):
        (tmp_path / folder).mkdir()
        Image.effect_noise(shape, 80).save(tmp_path / folder / "a.png")
    photos = (tmp_path / "one" / "a.png", tmp_path / "two" / "a.png")
    assert run("page", *photos, "--checkpoint", checkpoint, "-o", tmp_path / "out") == 1
    (record,) = (json.loads(path.read_text()) for path in tmp_path.glob("out/page/*/picture.json"))
    assert (record["width"], record["height"]) == (90, 70)
    said = capsys.readouterr().err.replace("\n", " ")
    assert f"failed: {photos[1]}: {photos[0]} is on the page as photo/a.png. Give this one another name." in said


@pytest.mark.parametrize(
    ("command", "kept"),
    [("page", "index.html"), ("tables", "index.html"), ("tables", "tables.md"), ("tables", "numbers.csv")],
)
def test_a_page_and_tables_replace_their_like_and_no_other_file(command, kept, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (out := tmp_path / "site").mkdir()
    (out / kept).write_text("# Results\n\nSomebody's own, written by hand.\n")
    said = run(command, "-o", "site")
    assert said == f"deblur: site/{kept} is there and was not made by deblur, so it is kept. Choose another --output."
    assert [path.name for path in out.iterdir()] == [kept]
    (out / kept).unlink()
    assert [run(command, "-o", "site") for _ in range(2)] == [0, 0]
    mark = "source,method," if kept == "numbers.csv" else "<!-- written by deblur -->"
    assert mark in (out / kept).read_text(encoding="utf-8")


def test_somebody_s_page_is_kept_before_any_photo_is_restored(tmp_path, monkeypatch):
    monkeypatch.setattr("deblur_lightning.deblurring.load_named", lambda named: pytest.fail("long work has begun"))
    Image.effect_noise((70, 60), 80).save(tmp_path / "a.png")
    (tmp_path / "index.html").write_text("<!doctype html>")
    assert "index.html is there and was not made by deblur" in run("page", tmp_path / "a.png", "-o", tmp_path)
    assert not (tmp_path / "page").exists()
