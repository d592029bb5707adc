import math

import pytest
import yaml

from deblur_lightning.commands.sweep.plan import read_sweep

METRIC = {"name": "val/psnr", "goal": "maximize"}


@pytest.fixture
def plan(tmp_path):
    def read(count=None, **content):
        path = tmp_path / "sizes.yaml"
        path.write_text(yaml.safe_dump({"method": "grid", "metric": METRIC, **content}))
        return read_sweep(path, count)

    return read


def test_a_grid_combines_all_values_with_all(plan):
    sweep = plan(parameters={"a": {"values": [1, 2]}, "b.c": {"value": "x"}, "d": {"values": [True, None]}})
    assert sweep.runs == [{"a": a, "b.c": "x", "d": d} for a in (1, 2) for d in (True, None)]
    assert (sweep.name, sweep.metric, sweep.maximize, sweep.note) == ("sizes", "val/psnr", True, "")
    assert len(plan(count=3, parameters={"a": {"values": [1, 2, 3, 4]}}).runs) == 3


def test_random_runs_follow_their_distributions_and_repeat(plan):
    parameters = {
        "whole": {"min": 2, "max": 4},
        "even": {"min": 0.5, "max": 1.5},
        "rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-2},
        "power": {"distribution": "log_uniform", "min": 0, "max": 1},
        "step": {"distribution": "q_uniform", "min": 0, "max": 10, "q": 2.5},
        "bell": {"distribution": "normal", "mu": 5, "sigma": 0.1},
        "mostly": {"values": ["x", "y"], "probabilities": [0.9, 0.1]},
    }
    runs = plan(method="random", run_cap=400, parameters=parameters).runs
    column = {name: [run[name] for run in runs] for name in parameters}
    assert set(column["whole"]) == {2, 3, 4}
    assert 0.5 <= min(column["even"]) < 0.55 < 1.45 < max(column["even"]) <= 1.5
    assert 1e-4 <= min(column["rate"]) <= max(column["rate"]) <= 1e-2
    assert 0.4 < sum(rate < 1e-3 for rate in column["rate"]) / 400 < 0.6
    assert 1 <= min(column["power"]) <= max(column["power"]) <= math.e
    assert set(column["step"]) == {0, 2.5, 5, 7.5, 10}
    assert sum(column["bell"]) / 400 == pytest.approx(5, abs=0.05)
    assert 320 < column["mostly"].count("x") < 400
    assert plan(method="random", run_cap=9, parameters=parameters).runs == runs[:9]


def test_a_bayesian_sweep_is_drawn_at_random_and_says_so(plan):
    sweep = plan(method="bayes", count=2, parameters={"a": {"min": 0.0, "max": 1.0}})
    assert len(sweep.runs) == 2
    assert "drawn at random: the Bayesian search is wandb's own" in sweep.note


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({}, r"no parameters, but a sweep varies some"),
        ({"parameters": {"a": {"values": [1]}}, "metric": {}}, r"metric is \{\}, but runs are compared by it"),
        ({"parameters": {"a": {"values": [1]}}, "method": "hope"}, r"method is hope.*Choose one\."),
        ({"parameters": {"a": {"min": 0, "max": 1}}}, r"a is .*, but a grid needs value or values"),
        ({"parameters": {"a": 3}}, r"a is 3, but a parameter has value"),
        ({"parameters": {"a": {"parameters": {"b": {"value": 1}}}}}, r"Nest by dots: a\.b"),
        ({"parameters": {"a": {"value": 1}}, "method": "random"}, r"never ends. Pass --count, or add run_cap"),
        ({"parameters": {"a": {"min": 2, "max": 1}}, "method": "bayes", "run_cap": 1}, r"min and max in order"),
        ({"parameters": {"a": {"min": 0, "max": 1, "distribution": "odd"}}, "method": "random", "run_cap": 1}, r"odd"),
        (
            {
                "parameters": {"a": {"min": 0, "max": 1, "distribution": "log_uniform_values"}},
                "method": "random",
                "run_cap": 1,
            },
            r"a logarithm needs numbers above 0",
        ),
    ],
)
def test_what_is_no_sweep_is_told_with_the_file_and_a_remedy(plan, content, told):
    with pytest.raises(ValueError, match=r"sizes\.yaml: .*" + told):
        plan(**content)


def test_a_file_that_is_not_yaml_or_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.yaml does not exist"):
        read_sweep(tmp_path / "absent.yaml")
    (tmp_path / "broken.yaml").write_text("parameters: [")
    with pytest.raises(ValueError, match=r"broken\.yaml: not YAML"):
        read_sweep(tmp_path / "broken.yaml")
