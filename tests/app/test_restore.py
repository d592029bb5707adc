import re

import numpy as np
import pytest
import torch
from PIL import Image

from deblur_lightning.app import main


@pytest.fixture
def checkpoint(tmp_path):
    adaptive_basis = pytest.importorskip(
        "deblur_lightning.modules.adaptive_basis", reason="this copy has no AdaptiveBasisModule"
    )
    torch.manual_seed(5)
    module = adaptive_basis.AdaptiveBasisModule(num_basis=3, kernel_size=9, width=8, iterations=2)
    path = tmp_path / "tiny.ckpt"
    torch.save({"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}, path)
    return path


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
    assert "tiny.ckpt (AdaptiveBasisModule)" in said
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


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        (["--tile", 8], "Pass at least 256"),
        (["--method", "magic"], "method is magic, but .* has basic, .* one of these"),
    ],
)
def test_options_out_of_reach_stop_the_job_before_any_photo(folder, checkpoint, tmp_path, options, remedy):
    assert re.search(remedy, run("restore", folder, "-o", tmp_path / "out", "--checkpoint", checkpoint, *options))
    assert list((tmp_path / "out").iterdir()) == []


def test_the_motion_field_is_drawn(folder, checkpoint, tmp_path, capsys):
    assert run("kernels", folder / "a [b].jpg", "-o", tmp_path / "out", "--checkpoint", checkpoint) == 0
    assert "40 x 90" in capsys.readouterr().out
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["a [b]_basis.png", "a [b]_coefficients.png", "a [b]_field.png"]
