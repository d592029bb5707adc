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
    assert (sweep.name, sweep.metric, sweep.maximize) == ("sizes", "val/psnr", True)
    assert (sweep.space, sweep.patience) == (None, None)
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


def test_a_bayesian_sweep_keeps_what_it_searches_and_begins_with_random_runs(plan):
    parameters = {"a": {"min": 0.0, "max": 1.0}}
    sweep = plan(method="bayes", count=2, parameters=parameters)
    assert sweep.space == parameters
    assert sweep.runs == plan(method="random", count=2, parameters=parameters).runs


def test_numbers_that_yaml_takes_for_text_are_numbers(tmp_path):
    path = tmp_path / "rates.yaml"
    path.write_text(
        "method: random\nrun_cap: 50\nmetric: {name: val/psnr}\nparameters:\n"
        "  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-2}\n"
        "  bell: {distribution: normal, mu: 5e0, sigma: 1e-9}\n"
        "  step: {distribution: q_uniform, min: 0, max: 1e1, q: 5e-1}\n"
        "  mostly: {values: [x, y], probabilities: [1e0, 0]}\n"
    )
    assert yaml.safe_load(path.read_text())["parameters"]["lr"]["min"] == "1e-4"
    runs = read_sweep(path).runs
    assert all(1e-4 <= run["lr"] <= 1e-2 for run in runs)
    assert all(run["bell"] == pytest.approx(5, abs=1e-7) for run in runs)
    assert all((run["step"] / 0.5).is_integer() for run in runs)
    assert {run["mostly"] for run in runs} == {"x"}


def test_runs_may_be_stopped_after_as_many_validations_as_the_file_says(plan):
    parameters = {"a": {"value": 1}}
    assert plan(parameters=parameters, early_terminate={"type": "hyperband", "min_iter": 3}).patience == 3
    assert plan(parameters=parameters, early_terminate={"type": "hyperband"}).patience == 1
    with pytest.raises(ValueError, match=r"early_terminate is .*-2.*Pass min_iter: 3"):
        plan(parameters=parameters, early_terminate={"min_iter": -2})


ONE = {"a": {"min": 0.0, "max": 1.0}}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            {"parameters": ONE, "method": "random", "run_cpa": 3},
            r"run_cpa is no key of a sweep. Did you mean run_cap\?",
        ),
        ({"parameters": ONE, "comand": []}, r"comand is no key of a sweep. Did you mean command\?"),
        ({"parameters": ONE, "method": "random", "run_cap": "5"}, r"run_cap is 5, but runs come in whole numbers"),
        (
            {"parameters": ONE, "method": "random", "run_cap": -1},
            r"run_cap is -1, but runs come in whole numbers from 1",
        ),
        (
            {"parameters": {"a": {"min": 1, "max": 2, "distributon": "normal"}}, "method": "random", "run_cap": 1},
            r"a has distributon, but no parameter of a sweep has that. Did you mean distribution\?$",
        ),
        ({"parameters": ONE, "command": "lightning fit"}, r"command is lightning fit, but it is a list of words"),
        ({"parameters": ONE, "command": None}, r"command is None, but it is a list of words"),
        *(
            (
                {"parameters": {"a": choice}, "method": "random", "run_cap": 1},
                r"a is \{.*, but nothing can be drawn from that \(.*\)\. Correct it\.$",
            )
            for choice in (
                {"min": [1], "max": 2},
                {"min": 0, "max": 2, "q": 0, "distribution": "q_uniform"},
                {"min": 0.0, "max": math.inf},
                {"values": [1, 2], "probabilities": 3},
                {"values": [1, 2], "probabilities": [0.5, "x"]},
                {"distribution": "normal", "sigma": -1},
                {"distribution": [1], "min": 0, "max": 1},
            )
        ),
        ({"parameters": {"a": {"valuse": [1]}}}, r"a has valuse.*Did you mean value\?$"),
        (
            {"parameters": {"a": {"min": "1e-x", "max": 2}}, "method": "random", "run_cap": 1},
            r"a has min 1e-x, but a number is needed. Write it as 1\.0e-4\.$",
        ),
        (
            {"parameters": {"a": {"values": []}}},
            r"a has values \[\], but a list of at least one is needed. List them\.$",
        ),
        ({"parameters": {"a": {"values": 3}}}, r"a has values 3, but a list of at least one is needed"),
        (
            {
                "parameters": {"a": {"values": [1, 2], "probabilities": [0.5, 0.4]}},
                "method": "random",
                "run_cap": 1,
            },
            r"a has probabilities \[0\.5, 0\.4\], but they sum to 1, one for each value\. Fix them\.$",
        ),
        ({}, r"no parameters, but a sweep varies some"),
        ({"parameters": {"a": {"values": [1]}}, "metric": {}}, r"metric is \{\}, but runs are compared by it"),
        ({"parameters": {"a": {"values": [1]}}, "metric": 5}, r"metric is 5, but runs are compared by it"),
        ({"parameters": {"a": {"values": [1]}}, "metric": "val/name"}, r"metric is val/name, but runs are compared by"),
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
