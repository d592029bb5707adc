"""The benchmark's bounds, shares and ablations, on small windows."""

import copy
import time

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from small_models import (
    small_direct_deblurrer,
    small_learned_deblurrer,
    small_motion_deblurrer,
    small_seeing_network,
    write_small_checkpoint,
)

import deblur_lightning.commands.benchmark.scoring as benchmark
from deblur_lightning.commands import main
from deblur_lightning.commands.benchmark.ablations import ablations, look_once
from deblur_lightning.data import SampleBlur
from deblur_lightning.deblurring import (
    Agreed,
    BlindEstimator,
    MotionDeblurrer,
    PhotoDeblurrer,
    RichardsonLucy,
)
from deblur_lightning.estimation import Found
from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.networks import KernelRefiner
from deblur_lightning.reports.page import read_pictures
from deblur_lightning.reports.results import file_hash, read_results, read_rows

BOUNDS = [
    "blurry", "unsharp masking (scikit-image)", "best constant kernel, Richardson-Lucy", "true field, Richardson-Lucy",
    "true field, hyper-Laplacian",
]  # fmt: skip


@pytest.fixture(scope="module")
def windows():
    sample = SampleBlur(72, 9, per_photo=1)
    return [sample[index] for index in (0, 4, 8)]  # one of each kind


def scored(checkpoints, windows, folder, **options):
    results = list(benchmark.run_benchmark(checkpoints, windows, store=folder / "results.jsonl", **options))
    return {result.method: result.metrics for result in results}


def test_bounds_stand_in_the_right_order_and_are_stored(windows, tmp_path):
    found = scored({}, windows, tmp_path)
    assert list(found) == BOUNDS
    blurry, true, constant = found["blurry"], found["true field, Richardson-Lucy"], found[BOUNDS[2]]
    assert (blurry["gain"], blurry["worst_gain"]) == (0, 0)
    assert true["psnr"] > blurry["psnr"] + 1
    assert true["field_error"] < 1e-9
    assert constant["field_error"] == pytest.approx(1)
    assert constant["regions"] == 1
    assert all(true[f"share_{kind}"] == pytest.approx(1, rel=1e-6) for kind in ("turning", "objects", "still"))
    stored = read_results(tmp_path / "results.jsonl")
    assert [result.method for result in stored] == BOUNDS
    assert len(read_rows(stored[0], tmp_path / "results.jsonl")) == 3


def test_shares_are_sums_of_gains_over_the_true_field_s(windows, tmp_path):
    def half(blurry, field):
        return blurry + 0.25 * (benchmark.richardson_lucy(blurry, field) - blurry), None

    rows = [benchmark._score(half, window)[0] for window in (*windows, windows[0])]
    best = [2.0, 4.0, -1.0, 3.0]
    means = benchmark._means(rows, best)
    gains = [row["psnr"] - benchmark._score(lambda b, _: (b, None), w)[0]["psnr"] for row, w in
             zip(rows, (*windows, windows[0]), strict=True)]  # fmt: skip
    assert means["share_turning"] == pytest.approx((gains[0] + gains[3]) / 5, rel=1e-4)
    assert means["share_objects"] == pytest.approx(gains[1] / 4, rel=1e-4)
    assert means["worst_gain"] == pytest.approx(min(gains), rel=1e-4)
    assert "field_error" not in means


def test_no_constant_kernel_beats_the_mean(windows):
    for window in windows:
        true = KernelField(*(part[None].double() for part in window["field"]))
        pixels = torch.einsum("bij,bhw->hwij", true.basis[0], true.coefficients[0]).reshape(-1, 81)
        best = benchmark.constant_field(true)
        torch.testing.assert_close(best.basis[0, 0].flatten(), pixels.mean(0))
        error = ((pixels - best.basis.flatten()) ** 2).sum()
        for other in (delta_field(true.coefficients[:, :1], 9).basis, true.basis[:, :1]):
            assert error <= ((pixels - other.flatten()) ** 2).sum()


def test_pictures_are_added_to_the_page_with_fields_and_scores(windows, tmp_path):
    scored({}, windows, tmp_path, page=tmp_path / "page")
    records = read_pictures(tmp_path / "page")
    bounds = ["best constant kernel, Richardson-Lucy", "true field, Richardson-Lucy", "true field, hyper-Laplacian"]
    assert all(one["given"] == bounds for one in records)  # unsharp masking is none
    assert len(records) == 3
    for record in records:
        assert [one["title"] for one in record["pictures"]] == ["Blurry", *BOUNDS[1:], "Sharp"]
        assert [one["title"] for one in record["fields"]] == BOUNDS[2:]
        assert record["scores"]["Blurry"]["psnr"] < record["scores"]["true field, Richardson-Lucy"]["psnr"]


def test_a_store_that_cannot_be_written_is_told_before_anything_is_scored(tmp_path, capsys):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"file/x.jsonl cannot be written: .*file is a file\. Choose another store"):
        main(["benchmark", "--store", str(tmp_path / "file/x.jsonl")])
    assert not capsys.readouterr().out


def test_the_baseline_is_unsharp_masking_by_its_definition():
    blurry = torch.rand(1, 3, 40, 50, generator=torch.Generator().manual_seed(2))
    soft = np.stack([gaussian_filter(plane, 5, mode="reflect") for plane in blurry[0].double().numpy()])
    expected = (1.25 * blurry[0].double().numpy() - 0.25 * soft).clip(0, 1)
    np.testing.assert_allclose(benchmark.sharpened(blurry)[0].numpy(), expected, atol=2e-3)


def test_models_are_scored_and_one_that_learned_no_trust_has_no_further_rows(windows, tmp_path):
    models = {
        "plain": small_motion_deblurrer(iterations=1),
        "gan": small_direct_deblurrer(),
    }
    checkpoints = {name: write_small_checkpoint(tmp_path / f"{name}.ckpt", model) for name, model in models.items()}
    found = scored(checkpoints, windows, tmp_path)
    assert list(found)[len(BOUNDS) :] == ["plain", "gan"]
    assert "field_error" not in found["gan"]
    for one in read_results(tmp_path / "results.jsonl"):
        file = checkpoints.get(one.method.partition(":")[0])
        assert (one.checkpoint_name, one.checkpoint) == ((str(file), file_hash(file)) if file else ("", ""))
        assert one.seconds > 0
        assert one.config
        assert one.device.startswith("cpu, ")


def test_a_learned_restorer_stands_beside_the_classical_ones_on_the_same_field(windows, tmp_path):
    learned = small_learned_deblurrer()
    checkpoint = write_small_checkpoint(tmp_path / "learned.ckpt", learned)
    found = scored({"learned": checkpoint}, windows, tmp_path)
    assert list(found)[len(BOUNDS) :] == [
        "true field, learned's restorer", "learned", "learned: Richardson-Lucy on its field",
        "learned: hyper-Laplacian on its field",
    ]  # fmt: skip
    variants = ("learned: Richardson-Lucy on its field", "learned: hyper-Laplacian on its field")
    same = [found[name]["field_error"] for name in ("learned", *variants)]
    assert same == pytest.approx([same[0]] * 3)
    assert found["true field, learned's restorer"]["field_error"] < 1e-9
    window = windows[0]["blurry"][None]
    expected = MotionDeblurrer(learned.network, RichardsonLucy())(window).picture
    variant = ablations("m", PhotoDeblurrer(copy.deepcopy(learned)))["m: Richardson-Lucy on its field"]
    torch.testing.assert_close(variant(window).picture, expected)


def test_what_the_network_that_judges_the_field_adds_has_a_row():
    learned = small_learned_deblurrer()
    torch.manual_seed(0)
    learned.restorer.direct = small_seeing_network()
    model = PhotoDeblurrer(MotionDeblurrer(learned.network, Agreed(learned.restorer)).eval())
    rows = ablations("m", model)
    assert list(rows) == [
        "m: Richardson-Lucy on its field", "m: hyper-Laplacian on its field", "m: field trusted everywhere",
        "m: direct network alone",
    ]  # fmt: skip
    assert rows["m: field trusted everywhere"].deblurrer.restorer is learned.restorer
    assert benchmark.learned_restorer(model) is learned.restorer


def test_a_direct_network_within_the_restorer_stands_beside_it_alone(windows):
    class Darker(torch.nn.Module):
        def forward(self, pictures):
            return 0.5 * pictures

    learned = small_learned_deblurrer()
    assert "m: direct network alone" not in ablations("m", PhotoDeblurrer(copy.deepcopy(learned)))
    learned.restorer.direct = Darker()
    alone = ablations("m", PhotoDeblurrer(learned))["m: direct network alone"]
    window = windows[0]["blurry"][None]
    torch.testing.assert_close(alone(window).picture, 0.5 * window)


LOOK = 0.2  # seconds


@pytest.fixture
def looks(monkeypatch):
    """What an estimator that sees no motion, and takes its time, looked at."""
    looks = []

    def look(estimator, light):
        looks.append(light)
        time.sleep(LOOK)
        return Found(delta_field(light, estimator.kernel_size), sure)

    def sure():
        time.sleep(LOOK)
        return 0.5

    monkeypatch.setattr(BlindEstimator, "look", look)
    return looks


def test_what_was_estimated_once_is_remembered_for_models_and_their_variants(looks):
    models = [
        PhotoDeblurrer(MotionDeblurrer(BlindEstimator(9), small_learned_deblurrer().restorer).eval()),
        PhotoDeblurrer(MotionDeblurrer(BlindEstimator(9)).eval()),
        PhotoDeblurrer(small_direct_deblurrer()),
    ]
    memory = look_once(models)
    first, other = torch.randint(256, (2, 1, 3, 80, 80)) / 256
    asking = [*models[:2], *ablations("m", models[0]).values()]
    for one in asking:
        assert one.estimates_whole  # as without the memory
        assert torch.equal(one.deblurrer.network.find(first.clone()).field.basis, delta_field(first, 9).basis)
        saved = memory.saved
        assert one.deblurrer.network.find(first.clone()).sureness() == 0.5
    assert len(looks) == 1
    assert 2 * LOOK <= memory.saved - saved < 3 * LOOK  # for the field, and for how sure it is
    assert memory.saved >= LOOK * (3 * len(asking) - 2)
    models[0].deblurrer.network.find(other)
    assert len(looks) == 2


def test_each_model_s_refiner_improves_what_was_seen_once_and_its_variants_are_told_that(looks, monkeypatch):
    refined, nothing = [], delta_field(torch.rand(1, 3, 80, 80), 9)

    def improve(estimator, light, found, tell):
        refined.append(estimator.refiner)
        return nothing._replace(basis=tell(light)[None, None])

    monkeypatch.setattr(BlindEstimator, "refined", improve)
    estimators = [BlindEstimator(9, KernelRefiner(9, width=6)) for _ in range(2)]
    models = [PhotoDeblurrer(MotionDeblurrer(one, small_learned_deblurrer().restorer).eval()) for one in estimators]
    look_once(models)
    light = torch.rand(1, 3, 80, 80)
    for model, told in zip(models, torch.rand(2, 9, 9), strict=True):
        network = model.deblurrer.network
        assert torch.equal(network.find(light, lambda _, told=told: told).field.basis[0, 0], told)
        variant = ablations("m", model)["m: Richardson-Lucy on its field"].deblurrer.network
        for other in (None, lambda _: torch.zeros(9, 9)):  # what a variant's restorer would tell
            assert torch.equal(variant.find(light, other).field.basis[0, 0], told)
    assert (len(looks), refined) == (1, [one.refiner for one in estimators])


def test_what_a_model_s_parts_share_is_estimated_once_in_a_benchmark_and_its_seconds_count(looks, windows, tmp_path):
    model = MotionDeblurrer(BlindEstimator(9), small_learned_deblurrer().restorer)
    scored({"one": write_small_checkpoint(tmp_path / "blind.ckpt", model)}, windows, tmp_path)
    assert len(looks) == len(windows)
    seconds = {one.method: one.seconds for one in read_results(tmp_path / "results.jsonl")}
    # To look takes as long as to tell how sure that is.
    assert min(seconds["one"], seconds["one: Richardson-Lucy on its field"]) > 2 * LOOK * len(windows)


@pytest.mark.parametrize("name", ["blurry", "true field, Richardson-Lucy", "Blurry", "Sharp"])
def test_a_model_may_not_have_the_name_of_a_row(name, windows, tmp_path):
    with pytest.raises(ValueError, match=f"names a model {name}, but the benchmark has a row {name} already"):
        scored({name: write_small_checkpoint(tmp_path / "d.safetensors", small_direct_deblurrer())}, windows, tmp_path)
    assert not (tmp_path / "results.jsonl").exists()


def test_other_kernels_and_numbers_of_windows_are_other_datasets(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("deblur_lightning.commands.benchmark.command._windows", lambda *_: [])
    monkeypatch.setattr(benchmark, "run_benchmark", lambda *given: asked.append(given[2]) or [])
    for options in ([], ["--kernel-size", "15"], ["--photos", "x"], ["--photos", "x", "--windows", "3"]):
        with pytest.raises(SystemExit, match="0"):
            main(["benchmark", *options])
    assert asked == ["sample", "sample, kernels of 15", "BSDS500 windows", "BSDS500 windows, 3 of each kind"]


def test_estimators_of_other_kernels_look_for_themselves(looks):
    models = [PhotoDeblurrer(MotionDeblurrer(BlindEstimator(size)).eval()) for size in (9, 15)]
    memory, light = look_once(models), torch.rand(1, 3, 80, 80)
    assert [one.deblurrer.network.find(light).field.kernel_size for one in models] == [9, 15]
    assert (len(looks), memory.saved) == (2, 0)


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["--checkpoint", "model.ckpt"], "Pass NAME=PATH"),
        (
            ["--checkpoint", "a=absent.ckpt"],
            "absent.ckpt is no file, but a checkpoint is needed",
        ),
        (["--photos", "nowhere"], r"nowhere holds no images/test/\*\.jpg"),
    ],
)
def test_what_is_missing_is_said_first(arguments, remedy):
    with pytest.raises(SystemExit, match=remedy):
        main(["benchmark", *arguments])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--checkpoint", "x=direct", "--checkpoint", "x=learned"], "names two models x, but names tell them apart"),
        (["--windows", "3"], "--windows counts those of --photos, but there are none"),
        (["--kernel-size", "333"], r"Pass kernel_size=45 or less"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_scored(options, message):
    with pytest.raises(SystemExit, match=message):
        main(["benchmark", *options])
