import json
import os

import av
import numpy as np
import pytest
import torch
from PIL import Image

from deblur_lightning.commands import main
from deblur_lightning.commands.check_data import describe
from deblur_lightning.data.synthesis.field_files import load_field
from deblur_lightning.data.synthesis.pair_folder import PairFolder, read_manifest
from deblur_lightning.physics import expose, to_linear


@pytest.fixture
def photos(tmp_path):
    random = np.random.default_rng(0)
    for name in ("a", "sub/b"):
        (tmp_path / "photos" / "sub").mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(random.integers(0, 256, (12, 14, 3), np.uint8))
        coarse.resize((90, 80), Image.Resampling.BICUBIC).save(tmp_path / "photos" / f"{name}.png")
    return tmp_path / "photos"


def run(*arguments):
    with pytest.raises(SystemExit) as end:
        main(["synthesize", *map(str, arguments)])
    return end.value.code


def files(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


SMALL = ("--size", 40, "--kernel-size", 7, "--count", 5, "--noise", 0)


def test_pairs_are_made_and_known_and_each_is_its_field_s(photos, tmp_path, capsys):
    assert run(photos, "-o", tmp_path / "pairs", *SMALL) == 0
    said = capsys.readouterr().out
    assert "5 pairs of 40 x 40" in said
    assert "of 2 photos, 0 with segments" in said
    (told,), faults = describe(tmp_path / "pairs")
    assert told.endswith(
        "5 pairs with their motion fields, made by `deblur synthesize` (kind mix). SynthesizedDataModule reads it."
    )
    assert faults == []
    for row in read_manifest(tmp_path / "pairs"):
        top, left = int(row["top"]) - 3, int(row["left"]) - 3
        scene = np.asarray(Image.open(photos / row["photo"]))[top : top + 46, left : left + 46].transpose(2, 0, 1)
        blurry = np.asarray(Image.open(tmp_path / "pairs" / "blurry" / f"{row['name']}.png"))
        field = load_field(tmp_path / "pairs" / "fields" / f"{row['name']}.npz")
        light = to_linear(torch.from_numpy(scene.copy())[None] / 255)
        again = expose(light, field, generator=torch.Generator(), noise=0.0)
        assert np.abs(255 * again[0].permute(1, 2, 0).numpy() - blurry).max() < 1.01  # a tie may round either way


def test_the_same_command_makes_the_same_files_with_more_workers_and_makes_nothing_twice(photos, tmp_path, capsys):
    run(photos, "-o", tmp_path / "one", *SMALL)
    run(photos, "-o", tmp_path / "two", *SMALL, "--workers", 2)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    capsys.readouterr()
    assert run(photos, "-o", tmp_path / "one", *SMALL) == 0
    assert "there already: 5 pairs" in capsys.readouterr().out


def test_an_interrupted_command_is_told_and_goes_on(photos, tmp_path, capsys, monkeypatch):
    run(photos, "-o", tmp_path / "at_once", *SMALL)
    write = PairFolder.write

    def stop(self, number, pair):
        if number == 3:
            raise KeyboardInterrupt
        write(self, number, pair)

    with monkeypatch.context() as patch:
        patch.setattr(PairFolder, "write", stop)
        assert run(photos, "-o", tmp_path / "stopped", *SMALL) == 130
    assert "deblur: stopped; files already written are whole." in capsys.readouterr().err
    said, faults = describe(tmp_path / "stopped")
    assert "3 of 5 pairs" in said[0]
    assert "Run the same command again" in faults[0]
    capsys.readouterr()
    run(photos, "-o", tmp_path / "stopped", *SMALL)
    assert "goes on after 3 of 5 pairs" in capsys.readouterr().out
    assert files(tmp_path / "stopped") == files(tmp_path / "at_once")


def test_the_folder_of_pairs_may_lie_among_the_photos(photos, tmp_path):
    run(photos, "-o", photos / "pairs", *SMALL)
    assert run(photos, "-o", photos / "pairs", *SMALL) == 0
    assert {row["photo"] for row in read_manifest(photos / "pairs")} == {"a.png", "sub/b.png"}


def test_a_photo_whose_name_is_no_utf_8_makes_pairs(photos, tmp_path):
    (photos / "a.png").rename(photos / os.fsdecode("müll.png".encode("latin-1")))
    assert run(photos, "-o", tmp_path / "pairs", *SMALL) == 0
    _, faults = describe(tmp_path / "pairs")
    assert faults == []
    assert r"m\udcfcll.png" in {row["photo"] for row in read_manifest(tmp_path / "pairs")}


def test_damaged_photos_are_named_or_left_out(photos, tmp_path, capsys):
    whole = (photos / "a.png").read_bytes()
    (photos / "c.png").write_bytes(whole[: len(whole) // 2])
    said = run(photos, "-o", tmp_path / "pairs", *SMALL)
    assert "c.png is damaged" in said
    assert said.endswith("Copy it again from its source, or pass --skip-corrupt.")
    assert not (tmp_path / "pairs").exists()
    assert run(photos, "-o", tmp_path / "pairs", *SMALL, "--skip-corrupt") == 0
    assert "damaged photos are left out (1): " in capsys.readouterr().err


def test_what_cannot_be_made_is_told_before_a_folder_is(photos, tmp_path):
    output = ("-o", tmp_path / "pairs")
    assert "largest of 2 photos allows 80. Pass larger ones" in run(photos, *output, "--size", 200)
    assert "Pass 33." in run(photos, *output, "--kernel-size", 32)
    assert "holds no map of a.png" in run(photos, *output, "--segments", tmp_path)
    assert "Leave out .png" in run(photos, "-o", tmp_path / "pairs.png")
    assert "Pass the folder that holds the photos" in run(tmp_path / "none", *output)
    assert not (tmp_path / "pairs").exists()


@pytest.fixture
def clip(tmp_path):
    path, random = tmp_path / "clip.mkv", np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=240)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "bgr0"
        for _ in range(40):
            frame = av.VideoFrame.from_ndarray(random.integers(0, 256, (48, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="bgr0")))
        container.mux(stream.encode(None))
    return path


def test_a_film_makes_pairs_without_fields_that_are_known(clip, tmp_path, capsys):
    pairs = tmp_path / "train" / "clip"
    assert run("--video", clip, "-o", pairs, "--frames", 3, 7, "--average", "linear") == 0
    rows = read_manifest(pairs)
    assert f"{len(rows)} pairs of 40 frames, averaged as linear values" in capsys.readouterr().out
    assert 5 <= len(rows) <= 13
    (told,), faults = describe(pairs)
    made = "made by `deblur synthesize` (averaged frames, linear values). GoProDataModule reads it."
    assert told.endswith(f"{len(rows)} pairs, {made}")
    assert faults == []
    assert "(sequences)" in describe(tmp_path / "train").said[0]
    assert not (pairs / "fields").exists()
    assert run("--video", clip, "-o", pairs, "--frames", 3, 7, "--average", "linear") == 0
    assert "there already: " in capsys.readouterr().out
    assert "average is linear, not display" in run("--video", clip, "-o", pairs, "--frames", 3, 7)
    options = ("--frames", 3, 7, "--average", "linear", "--interpolate", 4)
    assert "interpolate is 1, not 4" in run("--video", clip, "-o", pairs, *options)
    settings = json.loads((pairs / "settings.json").read_text())
    del settings["interpolate"]  # as folders of earlier versions
    (pairs / "settings.json").write_text(json.dumps(settings))
    assert "interpolate is 1, not 4" in run("--video", clip, "-o", pairs, *options)
    assert run("--video", clip, "-o", pairs, *options[:-2]) == 0


def test_an_interrupted_film_goes_on(clip, tmp_path, monkeypatch):
    run("--video", clip, "-o", tmp_path / "at_once", "--frames", 3, 5, "--count", 6)
    write = PairFolder.write

    def stop(self, number, pair):
        if number == 4:
            raise KeyboardInterrupt
        write(self, number, pair)

    with monkeypatch.context() as patch:
        patch.setattr(PairFolder, "write", stop)
        run("--video", clip, "-o", tmp_path / "stopped", "--frames", 3, 5, "--count", 6)
    assert "4 of 6 pairs" in describe(tmp_path / "stopped").said[0]
    run("--video", clip, "-o", tmp_path / "stopped", "--frames", 3, 5, "--count", 6)
    assert files(tmp_path / "stopped") == files(tmp_path / "at_once")


def test_what_does_not_belong_together_is_refused(clip, photos, tmp_path):
    output = ("-o", tmp_path / "pairs")
    assert "Pass a folder of photographs, or a video: --video VIDEO" in run(*output)
    assert "both given" in run(photos, "--video", clip, *output)
    assert "--kernel-size is given, but it says nothing of a video" in run("--video", clip, *output, "--kernel-size", 9)
    assert "--average is given, but it says nothing of photographs" in run(photos, *output, "--average", "display")
    assert "40 frames, but the first exposure takes more of 41 to 51" in run(
        "--video", clip, *output, "--frames", 41, 51
    )
    assert "has frames for 13 pairs. Pass 13 or less" in run("--video", clip, *output, "--frames", 3, 3, "--count", 14)
    assert not (tmp_path / "pairs").exists()
