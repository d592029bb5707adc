"""The sample benchmark's bounds, on one small picture of each photograph and kind."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from small_models import small_direct_deblurrer, write_small_checkpoint

import deblur_lightning.commands.benchmark.scoring as benchmark
from deblur_lightning.commands import main
from deblur_lightning.data import SampleBlur
from deblur_lightning.deblurring import MotionDeblurrer, RichardsonLucy
from deblur_lightning.networks import AdaptiveBasisNetwork
from deblur_lightning.reports.page import read_pictures
from deblur_lightning.reports.results import read_results, read_rows


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(benchmark, "SampleBlur", lambda kernel_size: SampleBlur(64, kernel_size, per_photo=1))


def test_bounds_stand_in_the_right_order(small, tmp_path):
    store = tmp_path / "results.jsonl"
    results = {result.method: result for result in benchmark.run_sample_benchmark({}, store, kernel_size=9)}
    blurry, true = results["blurry"], results["Richardson-Lucy, true field"]
    mean = results["mean kernel (best constant field)"]
    assert blurry.metrics["kernel_error"] == pytest.approx(1)
    assert true.metrics["kernel_error"] < 1e-9 < mean.metrics["kernel_error"] < 1
    assert true.metrics["psnr"] > blurry.metrics["psnr"] + 1
    assert [result.method for result in read_results(store)] == list(results)
    assert len(read_rows(read_results(store)[0], store)) == 6


def test_pictures_are_added_to_the_page_with_fields_and_scores(small, tmp_path):
    list(benchmark.run_sample_benchmark({}, tmp_path / "results.jsonl", kernel_size=9, page=tmp_path / "page"))
    records = read_pictures(tmp_path / "page")
    assert len(records) == 6
    titles = ["Blurry", "Richardson-Lucy, true field", "unsharp masking (scikit-image)", "Sharp"]
    for record in records:
        assert [one["title"] for one in record["pictures"]] == titles
        assert [one["title"] for one in record["fields"]] == titles[1:2]
        assert record["scores"]["Blurry"]["psnr"] < record["scores"][titles[1]]["psnr"]


def test_the_baseline_is_unsharp_masking_by_its_definition():
    blurry = torch.rand(1, 3, 40, 50, generator=torch.Generator().manual_seed(2))
    soft = np.stack([gaussian_filter(plane, 5, mode="reflect") for plane in blurry[0].double().numpy()])
    expected = (1.25 * blurry[0].double().numpy() - 0.25 * soft).clip(0, 1)
    np.testing.assert_allclose(benchmark.sharpened(blurry)[0].numpy(), expected, atol=2e-3)


def test_no_constant_kernel_beats_the_mean(small, tmp_path):
    results = list(benchmark.run_sample_benchmark({}, tmp_path / "results.jsonl", kernel_size=9))
    mean = results[1].metrics["kernel_error"]
    pictures = [SampleBlur(64, 9, per_photo=1)[index] for index in range(6)]
    kernels = torch.cat(
        [
            torch.einsum("bij,bhw->hwij", *(part.double() for part in picture["field"])).reshape(-1, 9, 9)
            for picture in pictures
        ]
    )
    still = torch.zeros(9, 9, dtype=torch.float64)
    still[4, 4] = 1
    by_definition = ((kernels - kernels.mean(0)) ** 2).sum() / ((kernels - still) ** 2).sum()
    assert mean == pytest.approx(by_definition.item(), rel=1e-4)


def test_models_of_other_kernel_sizes_and_of_none_are_scored_too(small, tmp_path):
    torch.manual_seed(5)
    models = {
        "larger": MotionDeblurrer(AdaptiveBasisNetwork(2, 17, 8), RichardsonLucy(1)),
        "smaller": MotionDeblurrer(AdaptiveBasisNetwork(2, 9, 8), RichardsonLucy(1)),
        "gan": small_direct_deblurrer(),
    }
    checkpoints = {name: write_small_checkpoint(tmp_path / f"{name}.ckpt", model) for name, model in models.items()}
    store, page = tmp_path / "results.jsonl", tmp_path / "page"
    for size in (9, 17):
        results = {r.method: r.metrics for r in benchmark.run_sample_benchmark(checkpoints, store, size, 1, page)}
        still = results["blurry"]["kernel_error"]
        assert {"psnr", "ssim"} <= results["gan"].keys()
        assert "kernel_error" not in results["gan"]
        assert all(0 < results[name]["kernel_error"] < still for name in ("larger", "smaller"))
    assert [one["title"] for one in read_pictures(page)[0]["pictures"]][-2:] == ["gan", "Sharp"]


@pytest.mark.parametrize(("named", "remedy"), [("model.ckpt", "Pass NAME=PATH"), ("a=absent.ckpt", "or train that")])
def test_checkpoints_are_checked_first(named, remedy):
    with pytest.raises(SystemExit, match=remedy):
        main(["benchmark", "--checkpoint", named])
