"""`deblur compare` draws models beside each other, or says what is missing before it loads any."""

import os
import re

import pytest
from PIL import Image
from small_models import write_small_checkpoint

from deblur_lightning.commands import main


@pytest.fixture
def checkpoint(tmp_path):
    return write_small_checkpoint(tmp_path / "tiny.ckpt")


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "hand.v2.png"
    Image.effect_noise((90, 70), 80).convert("RGB").save(path)
    return path


def run(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["compare", *(str(argument) for argument in arguments)])
    return stopped.value.code


def test_two_models_and_the_truth_are_drawn_with_their_errors(photo, checkpoint, tmp_path, capsys):
    models = ("--checkpoint", checkpoint, "--checkpoint", f"second={checkpoint}")
    out = tmp_path / "out" / "fig.1"
    assert run(photo, *models, "--sharp", photo, "--crop", "5,6,20,30", "-o", out) == 0
    names = ["fig.1.png", "fig.1.pdf", "fig.1_errors.png", "fig.1_errors.pdf"]
    assert capsys.readouterr().out.split() == [str(tmp_path / "out" / name) for name in names]
    with Image.open(tmp_path / "out" / "fig.1.png") as drawn:
        assert drawn.text["Title"] == "hand.v2.png: Blurry, Adaptive, second, Sharp"
    assert (tmp_path / "out" / "fig.1.pdf").read_bytes().startswith(b"%PDF")


def test_a_photo_whose_name_is_no_utf_8_is_drawn(photo, checkpoint, tmp_path):
    photo = photo.rename(tmp_path / os.fsdecode("müll.png".encode("latin-1")))
    assert run(photo, "--checkpoint", checkpoint, "-o", tmp_path / "figure") == 0
    with Image.open(tmp_path / "figure.png") as drawn:
        assert drawn.text["Title"] == r"m\udcfcll.png: Blurry, Adaptive"


def test_without_the_truth_there_is_no_map_of_errors(photo, checkpoint, tmp_path):
    assert run(photo, "--checkpoint", checkpoint, "-o", tmp_path / "out" / "fig.png") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["fig.pdf", "fig.png"]


def test_models_alike_are_told_apart_by_their_files(photo, checkpoint, tmp_path):
    second = checkpoint.with_name("other.ckpt")
    second.write_bytes(checkpoint.read_bytes())
    assert run(photo, "--checkpoint", checkpoint, "--checkpoint", second, "-o", tmp_path / "fig") == 0
    with Image.open(tmp_path / "fig.png") as drawn:
        assert drawn.text["Title"] == "hand.v2.png: Blurry, Adaptive, tiny, Adaptive, other"


@pytest.mark.parametrize("kept", ["hand.v2.png", "hand.v2.pdf", "hand.v2_errors.png", "hand.v2_errors.pdf"])
def test_no_file_but_an_earlier_figure_is_replaced(kept, photo, tmp_path, monkeypatch):
    monkeypatch.setattr("deblur_lightning.deblurring.load_named", lambda named: pytest.fail("long work has begun"))
    out, sharp = tmp_path / "out", photo.rename(tmp_path / "sharp.png")
    place = out / kept
    out.mkdir()
    place.write_bytes(sharp.read_bytes())
    said = run(sharp, "--sharp", sharp, "-o", out / "hand.v2")
    assert f"{place} is there and was not made by deblur, so it is kept. Choose another --output." in said
    assert place.read_bytes() == sharp.read_bytes()
    assert list(out.iterdir()) == [place]


def test_a_photo_is_not_replaced_by_its_own_comparison(photo, checkpoint):
    before = photo.read_bytes()
    assert "is there and was not made" in run(photo, "--checkpoint", checkpoint, "-o", photo.with_suffix(""))
    assert photo.read_bytes() == before


def test_an_earlier_figure_is_drawn_anew_and_is_the_same_file(photo, checkpoint, tmp_path):
    drawn = []
    for _ in range(2):
        assert run(photo, "--checkpoint", checkpoint, "--sharp", photo, "-o", tmp_path / "out" / "fig") == 0
        drawn.append({path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()})
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 4


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        (["--checkpoint", "a=absent.ckpt"], "absent.ckpt is no file.*Check the path"),
        (["--checkpoint", "a={0}", "--checkpoint", "a={0}"], "a names 2 checkpoints.*Rename one"),
        (["--checkpoint", "{0}", "--crop", "80,0,20,20"], "--crop is 80,0,20,20.*90 x 70 pixels. Keep it inside"),
        (["--checkpoint", "{0}", "--sharp", "{1}"], "small.png has 8 x 8 pixels.*Pass the same picture"),
    ],
)
def test_what_cannot_be_compared_is_said(options, remedy, photo, checkpoint, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "small.png")
    filled = [option.format(checkpoint, tmp_path / "small.png") for option in options]
    assert re.search(remedy, run(photo, *filled, "-o", tmp_path / "fig"))


def test_a_crop_that_is_no_rectangle_is_refused(photo, tmp_path, capsys):
    assert run(photo, "--crop", "1,2,0,4", "-o", tmp_path / "fig") == 2
    assert "Pass X,Y,WIDTH,HEIGHT" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["Blurry", "Sharp"])
@pytest.mark.parametrize("command", ["compare", "page", "figures", "demo"])
def test_a_model_may_not_take_the_place_of_the_blurry_or_the_true_picture(command, name, photo, checkpoint, tmp_path):
    out = ("-o", tmp_path / "out")
    places = {"compare": (photo, *out), "page": (photo, *out), "figures": out, "demo": ("--port", 0)}
    arguments = (command, *places[command], "--checkpoint", f"{name}={checkpoint}")
    with pytest.raises(SystemExit) as exit_:
        main(list(map(str, arguments)))
    said = f"--checkpoint names a model {name}, but what it is shown beside is called so. Rename it."
    assert exit_.value.code == f"deblur: {said}"
    assert not (tmp_path / "out").exists()
