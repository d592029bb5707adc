"""Every configuration in experiments/ is understood key by key, and runs a step on a tiny set of the kind it names.

Sweeps and loggers are run by the tests of `deblur sweep` and of the callbacks.
"""

import csv
import json
import math
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from scipy.io import savemat
from small_models import small_direct_deblurrer, write_small_checkpoint, write_window

from deblur_lightning.data import write_kohler_sample
from deblur_lightning.lightning_cli import main as cli
from deblur_lightning.networks import VGGFeatures

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*logging interval.*"),
    pytest.mark.filterwarnings("ignore:.*exists and is not empty.*"),
]

ROOT = Path(__file__).parents[1]
FRAGMENTS = ("sweeps", "loggers")
LAID_OVER = {Path("experiments/direct/fall.yaml"): ("experiments/direct/small.yaml",),
             Path("experiments/direct/finish.yaml"): ("experiments/direct/small.yaml",),
             Path("experiments/direct/again.yaml"): ("experiments/direct/small.yaml",),
             Path("experiments/direct/longer.yaml"): ("experiments/direct/small.yaml",),
             Path("experiments/direct/end.yaml"): ("experiments/direct/small.yaml",),
             Path("experiments/free/again.yaml"): ("experiments/free/small.yaml",),
             Path("experiments/free/longer.yaml"): ("experiments/free/small.yaml",),
             Path("experiments/free/end.yaml"): ("experiments/free/small.yaml",),
             Path("experiments/free/wider.yaml"): ("experiments/free/small.yaml",),
             Path("experiments/free/last.yaml"): ("experiments/free/small.yaml",),
             Path("experiments/free/restorer.yaml"): ("experiments/unrolled/small.yaml",),
             Path("experiments/unrolled/again.yaml"): ("experiments/unrolled/small.yaml",)}  # fmt: skip
CONFIGS = [
    path for path in (whole.relative_to(ROOT) for whole in sorted(ROOT.glob("experiments/**/*.yaml")))
    if path.parts[-2] not in FRAGMENTS and "sweeps" not in path.parts and path not in LAID_OVER
]  # fmt: skip


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_the_command_line_takes_it_whole(config, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["lightning", "fit", "--config", str(config), "--print_config"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in (0, None)
    printed, written = yaml.safe_load(capsys.readouterr().out), yaml.safe_load(config.read_text())
    for part in ("model", "data"):
        assert printed[part]["class_path"].endswith(written[part]["class_path"])
        arguments = written[part].get("init_args", {})
        plain = {name: value for name, value in arguments.items() if isinstance(value, int | float | str)}
        assert {name: printed[part]["init_args"][name] for name in plain} == plain


def test_there_are_configurations_of_every_kind():
    assert {path.parts[1] for path in CONFIGS} == {
        "adaptive_basis", "deblurgan", "direct", "free", "gopro", "kohler", "sample", "seeing", "unrolled",
    }  # fmt: skip


NETWORK = {"class_path": "AdaptiveBasisNetwork", "init_args": {"num_basis": 3, "kernel_size": 9, "width": 8}}
SMALL_MOTION = {"network": NETWORK, "restorer": {"class_path": "RichardsonLucy", "init_args": {"iterations": 2}}}
SMALL_DIRECT = {"generator": {"class_path": "DeblurGANGenerator", "init_args": {"width": 4, "blocks": 1}}}
SMALL_NAFNET = {"class_path": "FoldedNAFNet", "init_args": {"width": 4, "middle_blocks": 1}}
SMALL_UNET = {"width": 4, "middle_blocks": 1, "encoder_blocks": [1], "decoder_blocks": [1]}
SMALL_SEEING = {
    "class_path": "SeeingNAFNet",
    "init_args": {
        "width": 8, "middle_blocks": 1, "encoder_blocks": [1, 1, 1], "decoder_blocks": [1, 1, 1], "finer": 1,
    },
}  # fmt: skip
SMALL_UNROLLED = {"class_path": "UnrolledRestorer", "init_args": {**SMALL_UNET, "steps": [2]}}
SMALL_AGREED = {"class_path": "Agreed", "init_args": {"restorer": SMALL_UNROLLED}}
SMALL_CRITIC = {"class_path": "PatchCritic", "init_args": {"width": 4}}
"""Networks of seconds; everything else is as written."""

TINY_DATA = {
    "SyntheticBlurDataModule": {"crop_size": 48, "batch_size": 1, "samples": {"train": 2, "val": 1}},
    "MotionBlurDataModule": {"crop_size": 48, "batch_size": 1, "samples": {"train": 2, "val": 1}},
    "CellFieldDataModule": {"crop_size": 48, "batch_size": 1, "samples": {"train": 2, "val": 1}},
    "GoProDataModule": {"crop_size": 32},
    "CombinedDataModule": {"real": {"init_args": {"crop_size": 32}}, "synthetic": {"init_args": {"crop_size": 32}}},
    "KohlerDataModule": {},
    "FieldWindowsDataModule": {"crop_size": 24, "batch_size": 1, "samples_per_epoch": 2},
}
QUIET = ["--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false",
         "--trainer.enable_model_summary", "false"]  # fmt: skip
ONE_STEP = ["--trainer.max_epochs", "1", "--trainer.limit_train_batches", "1", "--trainer.limit_val_batches", "1",
            "--trainer.check_val_every_n_epoch", "1", "--trainer.log_every_n_steps", "1"]  # fmt: skip
SWEPT = "experiments/sample/adaptive_basis.yaml"
RUNS = [(config,) for config in CONFIGS] + [
    (Path(SWEPT), path.relative_to(ROOT)) for path in sorted(ROOT.glob("experiments/sweeps/*/*.yaml"))
] + [(Path(base), config) for config, bases in LAID_OVER.items() for base in bases]  # fmt: skip


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A folder with tiny sets of every kind that a configuration names, and weights of VGG-19's shape."""
    folder = tmp_path_factory.mktemp("disk")
    for root in ("data/GOPRO_Large", "data/GoPro", "results/data/gopro-sample"):
        held_out = ("train/astronaut_00", "train/astronaut_01", "train/chelsea_00", "train/chelsea_01")
        for sequence in (*held_out, "train/rocket_00", "test/coffee_00"):
            for kind in ("blur", "blur_gamma", "sharp"):
                write_photo(folder / root / sequence / kind / "000001.png", (48, 40))
    write_kohler_sample(folder / "data/kohler", images=1, trajectories=1, frames=3, size=176)
    for part in ("training", "validation"):
        for number in range(2):
            write_photo(folder / f"data/ADE20K/images/{part}/ADE_{part}_{number}.jpg", (110, 100))
            write_photo(folder / f"data/ADE20K/annotations/{part}/ADE_{part}_{number}.png", (110, 100), "L")
    for split in ("train", "val"):
        for name in ("field_windows", "free_windows"):
            write_window(folder / f"data/{name}/{split}/00000.npz", 0)
    (folder / "experiments/free").mkdir(parents=True)
    shutil.copy(ROOT / "experiments/free/weights.safetensors", folder / "experiments/free")
    for number in range(3):
        write_photo(folder / f"data/photos/{number}.jpg", (110, 100))
        write_photo(folder / f"data/free/{number}.jpg", (110, 100))
    for part in ("train", "val"):
        write_photo(folder / f"data/bsds500/images/{part}/{part}.jpg", (110, 100))
        people = np.empty((1, 1), object)
        people[0, 0] = {"Segmentation": np.arange(100 * 110, dtype=np.uint16).reshape(100, 110) // 4000 + 1}
        (folder / f"data/bsds500/groundTruth/{part}").mkdir(parents=True)
        savemat(folder / f"data/bsds500/groundTruth/{part}/{part}.mat", {"groundTruth": people})
        for number in range(2):
            write_photo(folder / f"data/COCO/{part}2017/{number}.jpg", (110, 100))
        images = [{"id": number, "file_name": f"{number}.jpg", "width": 110, "height": 100} for number in range(2)]
        catalogue = folder / f"data/COCO/annotations/instances_{part}2017.json"
        catalogue.parent.mkdir(exist_ok=True)
        catalogue.write_text(json.dumps({"images": images, "annotations": []}))
    torch.manual_seed(0)
    weights = {f"features.{name}": tensor for name, tensor in VGGFeatures().state_dict().items()}
    torch.save(weights, folder / "vgg.pth")
    write_small_checkpoint(folder / "MotionDeblurrer.ckpt")
    write_small_checkpoint(folder / "DirectDeblurrer.ckpt", small_direct_deblurrer())
    return folder


def run(monkeypatch, arguments):
    monkeypatch.setattr(sys, "argv", ["lightning", *arguments])
    cli.main()


def write_photo(path, size, mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(list(str(path).encode()))
    pixels = random.integers(0, 4 if mode == "L" else 256, (*size[::-1], 3), np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)


def smaller(written, swept):
    """Lay a configuration over it that makes the run a matter of seconds; a sweep's sizes of kernels stay."""
    module, data = (written[part]["class_path"].rpartition(".")[2] for part in ("model", "data"))
    arguments = written["model"].get("init_args", {})
    kind = arguments.get("deblurrer", {}).get("class_path")
    model, loaded = {}, TINY_DATA[data] | ({} if data == "CombinedDataModule" else {"num_workers": 0})
    if module == "RegressionModule":
        parts = {"generator": SMALL_NAFNET, "signed": False}
        model = {"deblurrer": {"class_path": "DirectDeblurrer", "init_args": parts}}
    elif module == "RestorerModule":
        estimator = {"class_path": "BlindEstimator", "init_args": {"kernel_size": 9}}
        parts = {"network": estimator, "restorer": SMALL_AGREED}
        model = {"deblurrer": {"class_path": "MotionDeblurrer", "init_args": parts}}
    elif module == "SeeingModule":
        parts = {"generator": SMALL_SEEING, "signed": False}
        model = {"deblurrer": {"class_path": "DirectDeblurrer", "init_args": parts}, "direct": None}
    elif module == "DeblurGANModule" or kind == "DirectDeblurrer":
        model = {"deblurrer": {"class_path": "DirectDeblurrer", "init_args": SMALL_DIRECT}}
    elif not swept:
        model = {"deblurrer": {"class_path": "MotionDeblurrer", "init_args": SMALL_MOTION}}
    if module == "DeblurGANModule":
        model |= {"critic": SMALL_CRITIC, "game": {"critic_steps": 1}}
        if "content" not in arguments:
            model["content"] = {"class_path": "PerceptualContent", "init_args": {"vgg_weights": "vgg.pth"}}
    if module == "AdaptiveBasisModule" and not swept and data == "SyntheticBlurDataModule":
        loaded = {**loaded, "kernel_size": 9, "extent": [0, 8]}
    return {"model": {"init_args": model}, "data": {"init_args": loaded}}


@pytest.mark.parametrize(
    "configs", RUNS, ids=lambda configs: " ".join("/".join(config.parts[-2:]) for config in configs)
)
def test_it_runs_a_step(configs, disk, monkeypatch):
    monkeypatch.chdir(disk)
    written, swept = {}, "sweeps" in configs[-1].parts
    for config in configs:
        parts = yaml.safe_load((ROOT / config).read_text())
        whole = {name for name, part in parts.items() if isinstance(part, dict) and "class_path" in part}
        written |= {name: part for name, part in parts.items() if name not in written or name in whole}
    trains = "max_epochs" in written.get("trainer", {})
    Path("smaller.yaml").write_text(yaml.safe_dump(smaller(written, swept)))
    files = [word for config in (*configs, disk / "smaller.yaml") for word in ("--config", str(ROOT / config))]
    command = ["fit", *files, *ONE_STEP] if trains else ["test", *files, "--trainer.limit_test_batches", "1"]
    if not trains:  # the scores of random weights are not stored
        command += ["--ckpt_path", f"{written['model']['init_args']['deblurrer']['class_path']}.ckpt"]
    version = "-".join(config.stem for config in configs)
    run(monkeypatch, [*command, *QUIET, "--trainer.logger.init_args.version", version])
    if trains:
        saved = torch.load(disk / "results/runs" / version / "checkpoints/last.ckpt", weights_only=True)
        assert saved["global_step"] >= 1
        with (disk / "results/runs" / version / "metrics.csv").open() as log:
            rows = list(csv.DictReader(log))
        losses = [float(row["train/loss"]) for row in rows if row.get("train/loss")]
        assert losses
        assert all(math.isfinite(loss) for loss in losses)
        assert any(row.get("val/psnr") for row in rows)
    else:
        (tested, *_) = reversed((disk / "results/results.jsonl").read_text().splitlines())
        result = json.loads(tested)
        assert result["pictures"] == 1
        assert 0 < result["metrics"]["psnr"] < 100
