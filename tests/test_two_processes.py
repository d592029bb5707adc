"""Two processes through the command line (gloo) score and learn as one does."""

import json

import pytest
from forked_trainings import run_script
from small_models import small_config

OPTIMIZER = {"class_path": "torch.optim.SGD", "init_args": {"lr": 1.0e-3}}
CONFIG = small_config(model={"optimizer": OPTIMIZER}, data={"samples": {"train": 4, "val": 3, "test": 5}})
SCRIPT = """
from pytorch_lightning import seed_everything

two, one_each = ["--trainer.devices=2", "--trainer.strategy=ddp_fork"], ["--data.batch_size=1"]
found = {
    "one": status_of(start("one")),
    "two": status_of(start("two", *two, *one_each)),
    "halves": status_of(start("halves", *one_each, "--trainer.accumulate_grad_batches=2")),
}
seed_everything(7, verbose=False)
network = networks.AdaptiveBasisNetwork(3, 9, 8)
begin = modules.AdaptiveBasisModule(deblurring.MotionDeblurrer(network)).state_dict()


def distance(weights, others):
    return sum((weights[name] - others[name]).double().square().sum() for name in weights).sqrt().item()


whole = load("one")["state_dict"]
found["steps"] = {version: load(version)["global_step"] for version in ("one", "two", "halves")}
found["learned"] = distance(whole, begin)
found["apart"] = {version: distance(whole, load(version)["state_dict"]) for version in ("two", "halves")}
found["val/psnr"] = [float(row["val/psnr"]) for v in ("one", "two") for row in log(v) if row["val/psnr"]]
for version, more in (("tested", []), ("tested-by-two", two)):
    test = start(version, "--ckpt_path", str(last("one")), *one_each, *more, command="test")
    found[version] = status_of(test), log(version)

duel = ["--model=duel.Duel", "--trainer.max_epochs=2", *one_each, *two]
Path("stop").write_text("step")  # SIGTERM to the second process alone
found["stopped"] = status_of(start("stopped", *duel)) != 0, load("stopped")["global_step"]
found["resumed"] = status_of(start("stopped", *duel)), status_of(start("whole", *duel)), compare("whole", "stopped")

Path("spoil").touch()
found["spoiled"] = status_of(start("spoiled", *duel)) != 0
found["kept"] = sorted(path.name for path in Path("results/runs/spoiled").glob("*.pt"))
report(found)
"""


@pytest.mark.slow
def test_two_processes_score_and_learn_as_one_does_and_stop_together(tmp_path):
    found, log = run_script(tmp_path, SCRIPT, CONFIG)
    assert [found[version] for version in ("one", "two", "halves")] == [0, 0, 0]
    assert found["steps"] == {"one": 2, "two": 2, "halves": 2}
    assert max(found["apart"].values()) < 1e-3 * found["learned"]
    assert found["val/psnr"][0] == pytest.approx(found["val/psnr"][1], rel=1e-4)

    assert found["tested"] == found["tested-by-two"]
    assert found["tested"][0] == 0
    first, second = [json.loads(line) for line in (tmp_path / "results/results.jsonl").read_text().splitlines()]
    assert first["metrics"] == second["metrics"]
    assert first["pictures"] == second["pictures"] == 5

    assert found["stopped"] == [True, 3]
    assert found["resumed"] == [0, 0, []]
    assert found["spoiled"]
    assert found["kept"] == ["failed-step-5-rank-0.pt", "failed-step-5-rank-1.pt"]
    assert "Look at it with deblur_lightning.callbacks.load_failed_step" in log
