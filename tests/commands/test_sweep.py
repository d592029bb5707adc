"""`deblur sweep` with a training of a few milliseconds, and its files through wandb's own rendering."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

import deblur_lightning
from deblur_lightning.commands import main
from deblur_lightning.commands.sweep.plan import read_sweep
from deblur_lightning.commands.sweep.runs import command_of, run_name, run_sweep
from deblur_lightning.lightning_cli import main as cli

ROOT = Path(__file__).parents[2]
TRAINING = """
import signal, sys, time
from pathlib import Path

given = dict(argument.removeprefix("--").split("=", 1) for argument in sys.argv[1:])
run = Path(*(given["trainer.logger.init_args." + part] for part in ("save_dir", "name", "version")))
(run / "checkpoints").mkdir(exist_ok=True)
last = run / "checkpoints" / "last.ckpt"
assert given.get("ckpt_path") == (str(last) if last.exists() else None)
size = int(given["size"])
if size == 13:
    sys.exit("bad luck")
if size == 5 and not last.exists():
    def save(*_):
        last.touch()
        sys.exit(143)
    signal.signal(signal.SIGTERM, save)
    Path("waiting").touch()
    time.sleep(60)
with Path("trained").open("a") as file:
    file.write(f"{size}\\n")
(run / "metrics.csv").write_text(f"step,val/psnr,loss\\n1,{size},\\n1,,3\\n2,{size - 1},\\n")
"""


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """A sweep file over sizes, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    Path("training.py").write_text(TRAINING)

    def write(*sizes):
        content = {
            "program": "training.py",
            "method": "grid",
            "metric": {"name": "val/psnr", "goal": "maximize"},
            "parameters": {"size": {"values": list(sizes)}, "same": {"value": 0}},
        }
        Path("sizes.yaml").write_text(yaml.safe_dump(content))
        return "sizes.yaml"

    return write


def test_a_sweep_ends_in_a_comparison_and_is_not_repeated(sweep, capsys):
    file = sweep(3, 13, 7)
    with pytest.raises(SystemExit) as stop:
        main(["sweep", file])
    assert stop.value.code == 1
    told = capsys.readouterr().out
    assert "failed (exit status 1: bad luck); see results/sweeps/sizes/001-" in told
    table = Path("results/sweeps/sizes/table.md").read_text()
    assert table in told
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("|")]
    assert rows[0] == ["run", "size", "val/psnr (best)", "(last)", "minutes"]
    assert [row[1:4] for row in rows[2:]] == [
        ["7", "7.0000", "6.0000"],
        ["3", "3.0000", "2.0000"],
        ["13", "failed", ""],
    ]

    with pytest.raises(SystemExit) as stop:
        main(["sweep", sweep(3, 6, 7)])
    assert stop.value.code == 0
    assert Path("trained").read_text().split() == ["3", "7", "6"]  # neither 3 nor 7 twice
    assert "finished before, val/psnr 3" in capsys.readouterr().out


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_sweep_goes_on_amid_its_run(sweep, sent):
    environment = {**os.environ, "PYTHONPATH": str(Path(deblur_lightning.__file__).parent.parent)}
    command = [sys.executable, "-c", "from deblur_lightning.commands import main; main()", "sweep", sweep(3, 5, 7)]
    stopped = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    while not Path("waiting").exists():
        time.sleep(0.01)
    if sent == signal.SIGTERM:
        stopped.send_signal(sent)
    else:
        os.killpg(stopped.pid, sent)
        Path(next(Path("results/sweeps/sizes").glob("001-*")), "checkpoints", "last.ckpt").touch()
    assert stopped.communicate()[0].count("val/psnr") == 1
    assert stopped.returncode in (143, -signal.SIGKILL)
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "000" in again.stdout
    assert "finished before" in again.stdout
    assert Path("trained").read_text().split() == ["3", "5", "7"]


def test_the_time_that_a_run_took_is_whole_or_as_it_was(sweep, monkeypatch):
    plan = read_sweep(Path(sweep(3)))
    (run,) = (Path("sizes", run_name(0, parameters)) for parameters in plan.runs)
    run.mkdir(parents=True)
    (run / "seconds").write_text("60.0")

    def torn(path, text, *args, **kwargs):
        path.write_bytes(b"")
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as full:
        full.setattr(Path, "write_text", torn)
        with pytest.raises(OSError, match="No space left"):
            run_sweep(plan, Path("sizes"))
    assert (run / "seconds").read_text() == "60.0"
    (outcome,) = run_sweep(plan, Path("sizes"))
    assert outcome.minutes >= 1


def test_an_unknown_macro_is_refused(sweep, tmp_path):
    plan = read_sweep(Path(sweep(1)))
    plan = plan.__class__(**{**plan.__dict__, "command": ["lightning", "${args_json}"]})
    with pytest.raises(ValueError, match=r"command has \$\{args_json\}, but only"):
        command_of(plan, plan.runs[0], tmp_path / "sizes" / "000")


def test_nothing_truth_and_lists_reach_the_training_as_what_they_are(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(ROOT)
    swept = {
        "trainer.gradient_clip_val": [None, 1.0],
        "trainer.detect_anomaly": [True],
        "data.init_args.layout.folders": [["a, b", "scharf: ü"]],
    }
    content = {
        "method": "grid",
        "metric": {"name": "val/psnr", "goal": "maximize"},
        "parameters": {name: {"values": values} for name, values in swept.items()},
        "command": ["lightning", "fit", "--config", "experiments/deblurgan/small.yaml", "${args}"],
    }
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(content))
    plan = read_sweep(tmp_path / "sweep.yaml")
    assert len(plan.runs) == 2
    for chosen in plan.runs:
        arguments = command_of(plan, chosen, tmp_path / "sweep" / "run")[4:]
        given = printed_config(arguments, monkeypatch, capsys)
        assert {name: at(given, name.split(".")) for name in chosen} == chosen


@pytest.mark.parametrize("file", sorted((ROOT / "experiments" / "sweeps").glob("*.yaml")), ids=lambda file: file.stem)
def test_every_parameter_of_a_shipped_sweep_reaches_the_training(file, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(ROOT)
    sweep, plan = yaml.safe_load(file.read_text()), read_sweep(file)
    for number in (0, len(plan.runs) - 1):
        chosen = plan.runs[number]
        macros = create_sweep_command_args({"args": {name: {"value": value} for name, value in chosen.items()}})
        by_agent = []
        for word in create_sweep_command(list(sweep["command"])):
            by_agent += macros[word[2:-1]] if word in ("${args}", "${args_no_hyphens}") else [word]
        assert by_agent[:3] == ["${env}", "lightning", "fit"]
        here = command_of(plan, chosen, tmp_path / "sweep" / "run")
        assert here[:4] == [sys.executable, "-m", "deblur_lightning", "fit"]
        for arguments in (by_agent[3:], here[4:]):
            given = printed_config(arguments, monkeypatch, capsys)
            for name, value in chosen.items():
                if name == "config":
                    told = yaml.safe_load(Path(value).read_text())["model"]["init_args"]
                    numbers = list(numbers_in(told))
                    assert numbers
                    assert all(found == at(given["model"]["init_args"], keys) for keys, found in numbers)
                else:
                    assert at(given, name.split(".")) == pytest.approx(value, rel=1e-5)
        assert given["trainer"]["logger"]["init_args"]["version"] == "run"


def numbers_in(part, keys=()):
    """Yield the whole numbers of a nested configuration, each with the keys that lead to it."""
    for key, value in part.items():
        if isinstance(value, dict):
            yield from numbers_in(value, (*keys, key))
        elif isinstance(value, int):
            yield (*keys, key), value


def at(part, keys):
    """Follow keys into a nested configuration."""
    for key in keys:
        part = part[key]
    return part


def printed_config(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["lightning", "fit", *arguments, "--print_config"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    out = capsys.readouterr()
    assert stop.value.code == 0, out.err
    return yaml.safe_load(out.out)


def test_the_runs_of_a_sweep_are_kept_as_json(sweep):
    with pytest.raises(SystemExit):
        main(["sweep", sweep(4), "--output", "elsewhere"])
    (finished,) = Path("elsewhere/sizes").glob("*/finished.json")
    kept = json.loads(finished.read_text())
    assert (kept["parameters"], kept["best"], kept["last"]) == ({"size": 4, "same": 0}, 4, 3)


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"x": 1}', "[" * 100_000])
def test_a_damaged_record_of_a_run_is_named(sweep, content):
    with pytest.raises(SystemExit):
        main(["sweep", sweep(4)])
    (finished,) = Path("results/sweeps/sizes").glob("*/finished.json")
    finished.write_text(content)
    with pytest.raises(SystemExit) as stop:
        main(["sweep", "sizes.yaml"])
    assert stop.value.code.startswith(f"deblur: {finished} is no record of a finished run (")


NETWORK = "model.init_args.deblurrer.init_args.network.init_args"
LIGHTNING = """
method: grid
metric: {name: val/psnr, goal: maximize}
parameters:
  KEY: {values: [8, 16]}
  config: {values: [ONE, TWO]}
command: ["${env}", lightning, fit, --config, SAMPLE, "${args}"]
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "second", "told"),
    [
        (f"{NETWORK}.widht", None, r"000-\w+: .*CompactBasisNetwork: .*widht.*Did you mean width\?"),
        ("trainer.max_epocs", None, r"000-\w+: .*max_epocs.*Did you mean .*trainer\.max_epochs\?"),
        (f"{NETWORK}.width", "absent.yaml", r"001-\w+: .*absent\.yaml does not exist"),
    ],
)
def test_what_lightning_would_refuse_is_refused_before_the_first_run(key, second, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(deblur_lightning.__file__).parent.parent))
    sample = ROOT / "experiments" / "sample" / "adaptive_basis.yaml"
    text = LIGHTNING.replace("SAMPLE", str(sample)).replace("ONE", str(sample)).replace("TWO", second or str(sample))
    Path("sizes.yaml").write_text(text.replace("KEY", key))
    with pytest.raises(SystemExit, match=told):
        main(["sweep", "sizes.yaml"])
    assert list(Path("results").rglob("output.txt")) == []
