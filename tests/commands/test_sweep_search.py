"""The search of `deblur sweep`: what it tries next, and which run it stops."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import yaml

from deblur_lightning.commands import main
from deblur_lightning.commands.sweep import runs
from deblur_lightning.commands.sweep.plan import read_sweep
from deblur_lightning.commands.sweep.search import COMPARED_RUNS, RANDOM_RUNS, fits, is_hopeless, suggest

pytest.importorskip("optuna", reason="the search is not installed: pip install -e '.[sweep]'")

PARAMETERS = {
    "rate": {"distribution": "log_uniform_values", "min": "1e-4", "max": 1.0},
    "power": {"distribution": "log_uniform", "min": 0, "max": 1},
    "weight": {"min": 0.0, "max": 1.0},
    "width": {"min": 2, "max": 40},
    "step": {"distribution": "q_uniform", "min": 0, "max": 10, "q": 2.5},
    "kind": {"values": ["a", True, None, 3]},
    "mostly": {"values": ["x", "y"], "probabilities": [0.9, 0.1]},
    "bell": {"distribution": "normal", "mu": 5, "sigma": 0.1},
    "same": {"value": 7},
    "narrow": {"min": 2.0, "max": 2.0},
}


@pytest.fixture
def plan(tmp_path):
    def read(method="bayes", count=40, parameters=PARAMETERS, goal="maximize", **content):
        path = tmp_path / "sweep.yaml"
        metric = {"name": "val/psnr", "goal": goal}
        path.write_text(yaml.safe_dump({"method": method, "metric": metric, "parameters": parameters, **content}))
        return read_sweep(path, count)

    return read


def search(plan, score):
    """Run a whole search whose runs take no time."""
    ended = []
    for number in range(len(plan.runs)):
        parameters = json.loads(json.dumps(suggest(plan, number, ended)))  # as a sweep keeps them
        ended.append((parameters, score(parameters)))
    return ended


def distance(parameters):
    """What a search is to make small: 0 at rate 0.01, weight 0.3, width 20 and kind a."""
    rate, width = (math.log10(parameters["rate"]) + 2) / 4, (parameters["width"] - 20) / 38
    return rate**2 + (parameters["weight"] - 0.3) ** 2 + 0.5 * width**2 + 0.1 * (parameters["kind"] != "a")


@pytest.mark.parametrize(("goal", "sign"), [("maximize", -1), ("minimize", 1)])
def test_a_search_comes_nearer_to_the_best_than_chance(plan, goal, sign):
    parameters = {name: PARAMETERS[name] for name in ("rate", "weight", "width", "kind")}
    ended = search(plan(parameters=parameters, goal=goal), lambda one: sign * distance(one))
    drawn = plan("random", parameters=parameters).runs
    assert [one for one, _ in ended[:RANDOM_RUNS]] == drawn[:RANDOM_RUNS]
    later, chance = ([distance(one) for one in some[RANDOM_RUNS:]] for some in ([one for one, _ in ended], drawn))
    assert np.median(later) < 0.8 * np.median(chance)
    assert min(later) <= min(chance)


def test_every_parameter_stays_in_its_range_and_the_same_runs_lead_to_the_same_ones(plan):
    sweep = plan()
    ended = search(sweep, lambda one: -distance(one))
    assert search(sweep, lambda one: -distance(one)) == ended
    for one, _ in ended:
        assert 1e-4 <= one["rate"] <= 1
        assert 1 <= one["power"] <= math.e
        assert one["width"] in range(2, 41)
        assert isinstance(one["width"], int)
        assert one["step"] in (0, 2.5, 5, 7.5, 10)
        assert one["kind"] in ("a", True, None, 3)
        assert (one["same"], one["narrow"]) == (7, 2.0)
        assert fits(sweep, one)
    assert [one["bell"] for one, _ in ended] == [one["bell"] for one in sweep.runs]
    assert [one["mostly"] for one, _ in ended] == [one["mostly"] for one in sweep.runs]


@pytest.mark.parametrize(
    "edited",
    [{"rate": 2.0}, {"kind": "b"}, {"same": 8}, {"width": 41}, {"another": 1}],
    ids=lambda one: next(iter(one)),
)
def test_an_edited_sweep_takes_no_old_run_for_its_own(plan, edited):
    sweep = plan()
    assert not fits(sweep, sweep.runs[0] | edited)


def test_runs_without_a_finite_value_tell_nothing(plan):
    sweep = plan()
    nothing = [(parameters, math.nan) for parameters in sweep.runs[:12]]
    assert suggest(sweep, 12, nothing) == sweep.runs[12]


@pytest.mark.parametrize(("goal", "sign"), [("maximize", 1), ("minimize", -1)])
def test_a_run_is_hopeless_if_its_best_so_far_is_worse_than_the_median_of_the_others_there(plan, goal, sign):
    sweep = plan(goal=goal, early_terminate={"type": "hyperband", "min_iter": 3})
    others = sign * np.random.default_rng(0).normal(20, 2, (COMPARED_RUNS, 6)).cumsum(axis=1)
    told = []
    for seed in range(20):
        curve = sign * np.random.default_rng(100 + seed).normal(20, 3, 6).cumsum()
        for length in range(7):
            best = (sign * curve[:length]).max() if length else None
            expected = length >= 3 and best < np.median(sign * others[:, length - 1])
            assert is_hopeless(sweep, curve[:length].tolist(), others.tolist()) == expected
            told.append(expected)
    assert 10 < sum(told) < 70
    assert not is_hopeless(sweep, [-sign * 1e6] * 6, others[1:].tolist())  # too few to compare with
    assert not is_hopeless(plan(goal=goal), [-sign * 1e6] * 6, others.tolist())  # nobody asked for it


TRAINING = """
import signal, sys, time
from pathlib import Path

given = dict(argument.removeprefix("--").split("=", 1) for argument in sys.argv[1:])
run = Path(*(given["trainer.logger.init_args." + part] for part in ("save_dir", "name", "version")))
size, last = int(given["size"]), run / "checkpoints" / "last.ckpt"
rows = ["step,val/psnr", f"1,{size}"]
(run / "metrics.csv").write_text("\\n".join(rows))
if size < 5:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    time.sleep(60)
(run / "metrics.csv").write_text("\\n".join([*rows, f"2,{size + 1}"]))
"""


def test_a_worse_run_is_stopped_its_best_counts_and_it_is_not_tried_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "LOOKS", 0.2)
    Path("training.py").write_text(TRAINING)
    content = {
        "program": "training.py",
        "method": "grid",
        "metric": {"name": "val/psnr", "goal": "maximize"},
        "early_terminate": {"type": "hyperband", "min_iter": 1},
        "parameters": {"size": {"values": [5, 6, 7, 8, 9, 3, 10]}},
    }
    Path("sizes.yaml").write_text(yaml.safe_dump(content))
    for _ in range(2):
        with pytest.raises(SystemExit) as end:
            main(["sweep", "sizes.yaml"])
        assert end.value.code == 0
    told = capsys.readouterr().out
    assert told.count("val/psnr 3, 0.0 min, stopped early") == 1
    assert told.count("finished before") == 7
    table = Path("results/sweeps/sizes/table.md").read_text()
    (row,) = (row.split("|") for row in table.splitlines() if "stopped" in row)
    assert [cell.strip() for cell in row[3:5]] == ["3.0000", "3.0000 (stopped)"]


def test_a_sweep_that_searches_says_how_to_install_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = {"method": "bayes", "run_cap": 1, "metric": {"name": "a"}, "parameters": {"b": {"min": 0, "max": 1}}}
    Path("sweep.yaml").write_text(yaml.safe_dump(content))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"optuna is not installed.*pip install 'deblur-lightning\[sweep\]'"):
        main(["sweep", "sweep.yaml"])
