import pytest

from deblur_lightning.reports.figures import draw_curves, read_curves, save_figure

LOG = """epoch,step,train/loss_step,train/loss_epoch,val/psnr,lr-Adam
0,9,4.0,,,0.1
0,19,2.0,,,0.1
0,19,,3.0,,
0,19,,,20.0,
1,39,,1.0,,
1,39,,,22.0,
"""


def test_curves_hold_one_value_an_epoch_under_the_logged_key(tmp_path):
    (tmp_path / "version_0").mkdir()
    (tmp_path / "version_0" / "metrics.csv").write_text(LOG)
    curves = read_curves(tmp_path)
    assert curves == {"train/loss": [(0, 3.0), (1, 1.0)], "val/psnr": [(0, 20.0), (1, 22.0)]}


def test_runs_are_overlaid_in_one_panel_a_metric(tmp_path):
    run = {"train/psnr": [(0, 1.0), (1, 2.0)], "val/psnr": [(0, 1.5), (1, 2.5)], "val/ssim": [(0, 0.5)]}
    figure = draw_curves({"Adaptive": run, "DeblurGAN": run})
    assert [(ax.get_title(), len(ax.lines)) for ax in figure.axes if ax.lines] == [("PSNR (dB)", 4), ("SSIM", 2)]
    assert len({line.get_color() for line in figure.axes[0].lines}) == 2
    assert all(path.stat().st_size for path in save_figure(figure, tmp_path / "curves"))


def _run(**logged):
    return {f"val/{name}": [(epoch, value) for epoch, value in enumerate(values)] for name, values in logged.items()}


def test_what_no_training_changes_is_a_line_not_a_panel():
    run = _run(psnr=[20, 22], blurry_psnr=[21, 21], kernel_error=[0.5, 0.4], kernel_l2=[0.1, 0.08], still_l2=[0.2, 0.2])
    figure = draw_curves({"one": run, "two": run})
    panels = {ax.get_title(): ax for ax in figure.axes if ax.lines}
    assert list(panels) == ["kernel error", "PSNR (dB)"]
    assert [list(line.get_ydata()) for line in panels["PSNR (dB)"].lines] == [[20, 22], [20, 22], [21, 21]]
    assert [text.get_text() for text in figure.legends[0].texts] == [
        "one, validation",
        "two, validation",
        "blurry input",
    ]


def test_runs_on_other_data_have_a_line_each_in_their_colour():
    figure = draw_curves({"one": _run(psnr=[20], blurry_psnr=[21]), "two": _run(psnr=[25], blurry_psnr=[24])})
    curves, lines = figure.axes[0].lines[:2], figure.axes[0].lines[2:]
    assert [line.get_ydata()[0] for line in lines] == [21, 24]
    assert [line.get_color() for line in lines] == [curve.get_color() for curve in curves]


def test_what_the_runs_share_comes_first():
    one = {"train/a_loss": [(0, 1.0)], "train/loss": [(0, 1.0)], **_run(psnr=[1], b_error=[1])}
    two = {"train/c_loss": [(0, 1.0)], "train/loss": [(0, 1.0)], **_run(psnr=[1])}
    titles = [ax.get_title() for ax in draw_curves({"one": one, "two": two}).axes if ax.lines]
    assert titles == ["PSNR (dB)", "loss", "b error", "a loss", "c loss"]


def test_a_missing_log_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="Train with CSVLogger first"):
        read_curves(tmp_path)


def test_another_csv_is_refused(tmp_path):
    (tmp_path / "metrics.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="Pass a log of CSVLogger"):
        read_curves(tmp_path / "metrics.csv")


def test_a_log_that_holds_no_number_is_named(tmp_path):
    (tmp_path / "metrics.csv").write_text("epoch,step,val/psnr\n1,2,20.5\n2,3,2x\n")
    with pytest.raises(ValueError, match=r"metrics\.csv is damaged .*'2x'.*Pass a log"):
        read_curves(tmp_path / "metrics.csv")


def test_runs_without_metrics_are_refused():
    with pytest.raises(ValueError, match="Log train/NAME or val/NAME"):
        draw_curves({"empty": {}})
