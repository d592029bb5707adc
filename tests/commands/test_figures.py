from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from small_models import write_small_checkpoint

import deblur_lightning.data
import deblur_lightning.reports
from deblur_lightning.commands.figures import figures
from deblur_lightning.data import SampleBlur
from deblur_lightning.reports import draw_field


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(deblur_lightning.data, "SampleBlur", lambda kernel_size: SampleBlur(64, kernel_size, 1))
    monkeypatch.setattr(
        deblur_lightning.reports, "draw_field", partial(draw_field, kernels=4)
    )  # the whole grid is slow


def test_every_kind_of_figure_is_drawn_for_the_truth_and_the_model(small, tmp_path, capsys):
    write_small_checkpoint(tmp_path / "tiny.ckpt")
    figures([f"My (first) model={tmp_path / 'tiny.ckpt'}"], kernel_size=9, output=tmp_path / "out")
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    kinds = ("basis_kernels", "mixing_coefficients", "motion_field")
    stems = {f"sample_{name}_{kind}" for name in ("true_field", "my_first_model") for kind in kinds}
    stems |= {"sample_comparison", "sample_comparison_errors"}
    assert {path.name for path in paths} == {f"{stem}.{suffix}" for stem in stems for suffix in ("png", "pdf")}
    assert all(path.is_file() for path in paths)
    with Image.open(tmp_path / "out" / "sample_comparison.png") as drawn:
        titles = "Blurry, My (first) model, Richardson-Lucy, true field, Sharp"
        assert drawn.text["Title"] == f"objects/coffee-1: {titles}"


def test_an_unknown_picture_is_refused_with_the_known_ones(small, tmp_path):
    with pytest.raises(ValueError, match=r"picture is cat, but .*objects/coffee-1.*Pass one of these"):
        figures(picture="cat", output=tmp_path)


def test_models_whose_names_differ_in_signs_alone_do_not_share_figures(small, tmp_path):
    path = write_small_checkpoint(tmp_path / "tiny.ckpt")
    with pytest.raises(ValueError, match=r"figures of my model and my-model would be the same files. Name one by"):
        figures([f"my model={path}", f"my-model={path}"], kernel_size=9, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kept", ["sample_comparison_errors.pdf", "sample_mine_basis_kernels.png"])
def test_no_file_but_an_earlier_figure_is_replaced(kept, small, tmp_path):
    path = write_small_checkpoint(tmp_path / "tiny.ckpt")
    (tmp_path / kept).write_text("somebody's own")
    with pytest.raises(ValueError, match=f"{kept} is there and was not made by deblur, so it is kept"):
        figures([f"mine={path}"], kernel_size=9, output=tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == {kept, "tiny.ckpt"}
