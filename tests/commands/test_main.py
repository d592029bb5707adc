import ast
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

import deblur_lightning
from deblur_lightning.commands import main
from deblur_lightning.commands._ending import ended_by_signals
from deblur_lightning.commands._main import load_subcommand, subcommands
from deblur_lightning.terminal import naming_output

ROOT = Path(deblur_lightning.__file__).parent.parent
HEAVY = ("torch", "pytorch_lightning", "matplotlib", "kornia", "albumentations", "cv2", "skimage", "wandb", "numpy")


def run(*arguments, **options):
    code = "from deblur_lightning.commands import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, check=False, env=environment, **options,
    )  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["restore", "--help"],
        ["kernels", "--help"],
        ["synthesize", "--help"],
        ["--version"],
        ["restor", "x.jpg"],
        ["restore", "x.jpg"],
        ["restore", "no-such-photo.jpg", "-o", "out", "--checkpoint", __file__],
        ["restore", "x.jpg", "-o", "out", "--checkpoint", "no-such.ckpt"],
        ["restore", "x.jpg", "-o", "out", "--iterations", "many"],
    ],
)
def test_help_and_wrong_arguments_import_nothing_heavy(arguments, tmp_path):
    also = () if "out" in arguments else ("rich",)  # of what is printed while a command works
    code = (
        "import sys\n"
        "from deblur_lightning.commands import main\n"
        "try:\n    main()\n"
        f"finally:\n    loaded = [name for name in {(*HEAVY, *also)} if name in sys.modules]\n"
        "    print('LOADED', loaded)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, check=False, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert "LOADED []" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_file_whose_name_begins_with_a_dash_is_told_how_to_be_written(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-leading dash.jpg").touch()
    with pytest.raises(SystemExit) as stopped:
        main(["restore", "-leading dash.jpg", "-o", "out"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err == (
        "deblur restore: -leading dash.jpg is taken for an option, for it begins with a dash. "
        "Write ./-leading dash.jpg. See `deblur restore --help`.\n"
    )
    with pytest.raises(SystemExit):
        main(["restore", "-none.jpg", "-o", "out"])
    assert "No such option: -n." in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["restore", "./-leading dash.jpg", "-o", "out"])
    assert "failed: -leading dash.jpg is empty" in capsys.readouterr().err


def test_version_is_printed():
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("deblur-lightning ")


@pytest.mark.parametrize(
    ("arguments", "status", "remedy"),
    [
        ([], 2, "deblur: Missing command. See `deblur --help`."),
        (["restor", "a.jpg"], 2, "deblur: No such command 'restor'. Did you mean 'restore', 'restore-video'?"),
        (["xyzzy"], 2, "deblur: No such command 'xyzzy'. See `deblur --help`."),
        (["restore", "a.jpg"], 2, "deblur restore: Missing option '-o' / '--output'. See `deblur restore --help`."),
        (["restore", "-o", "x"], 2, "deblur restore: Missing argument 'PHOTO'."),
        (["restore", "a.jpg", "-o"], 2, "restore: Option '-o' requires an argument. See `deblur restore --help`."),
        (["restore", "a.jpg", "-o", "x", "--kernels=yes"], 2, "not take a value. See `deblur restore --help`."),
        (["restore", "", "-o", "x"], 2, "deblur restore: the first argument is empty, as a variable without a value."),
        (["restore", "a.jpg", "--output="], 2, "deblur restore: what follows --output is empty"),
        (["restore", "none.jpg", "-o", "x", "--suffix", ""], 1, "none.jpg"),
        (["restore", "a.jpg", "-o", ""], 2, "deblur restore: what follows -o is empty, as a variable without a value."),
        (["restore", "a.jpg", "-o", "x", "--strenth", "1"], 2, "No such option: --strenth"),
        (["restore", "a.jpg", "-o", "x", "--strength", "1.5"], 2, "--strength is 1.5, but it should be less than or"),
        (["restore", "a.jpg", "-o", "x", "--strength", "nan"], 2, "--strength is nan, but it should be"),
        (["restore", "a.jpg", "-o", "x", "--strength", "a"], 2, "is a, but it should be a valid number. See"),
        (
            ["restore", "a.jpg", "-o", "x", "--iterations", "0"],
            2,
            "--iterations is 0, but it should be greater than",
        ),
        (["restore", "a.jpg", "-o", "x", "--tile", "1.5"], 2, "--tile is 1.5, but it should be a valid integer. See"),
        (["restore", "a.jpg", "-o", "x", "--gamma", "-1"], 2, "--gamma is -1, but it should be a number above 0. See"),
        (["restore", "a.jpg", "-o", "x", "--gamma", "0"], 2, "--gamma is 0, but it should be a number above 0. See"),
        (
            ["restore", "a.jpg", "-o", "x", "--gamma", "nan"],
            2,
            "nan, but it should be a number above 0. See",
        ),
        (["demo", "--megapixels", "inf"], 2, "--megapixels is inf, but it should be a number above 0. See"),
        (["tables", "--format", "pdf"], 2, "--format is 'pdf', but it should be one of 'md', 'csv', 'tex'."),
        (["restore", "a.jpg", "-o", "x", "--method", "b"], 2, "--method is 'b', but it should be one of 'basic', 'sat"),
        (["restore", "a.jpg", "-o", "x", "--checkpoint", "no.ckpt"], 1, "no.ckpt is no file"),
        (["synthesize", ".", "-o", "x", "--kernel-size", "4"], 1, "deblur: --kernel-size is 4, but"),
        (["synthesize", ".", "-o", "x", "--noise=-1"], 1, "deblur: --noise is -1"),
        (["kernels", "a.jpg", "-o", "x", "--checkpoint", __file__], 1, "a.jpg does not exist"),
        (["restore", "a.jpg", "-o", "x", "--checkpoint", __file__], 1, "failed: a.jpg does not exist"),
    ],
)
def test_wrong_arguments_are_one_sentence_and_a_status(arguments, status, remedy, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    said = capsys.readouterr().err
    if isinstance(stopped.value.code, str):  # sys.exit prints it, with status 1
        said, code = stopped.value.code, 1
    else:
        code = stopped.value.code
    assert code == status
    assert remedy in said


def test_every_subcommand_has_a_summary_that_is_printed_whole():
    listed = run("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    summaries = dict(line.split(maxsplit=1) for line in listed)
    assert list(summaries) == subcommands()
    assert {"restore", "kernels", "score-kohler"} <= set(summaries)
    assert all(summary.endswith(".") and not summary.endswith("...") for summary in summaries.values())


def test_help_is_there_for_every_option_and_argument():
    for name in subcommands():
        command = load_subcommand(name)
        assert [parameter.name for parameter in command.params if not parameter.help] == []


def test_only_the_named_subcommand_is_imported():
    code = (
        "import sys\n"
        "from deblur_lightning.commands import main\n"
        "try:\n    main(['sweep', '--help'])\n"
        "finally:\n    print([name for name in sys.modules if name.startswith('deblur_lightning.commands.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    loaded = set(ast.literal_eval(done.stdout.splitlines()[-1]))
    folder = "deblur_lightning.commands"
    shared = {f"{folder}._main", f"{folder}._ending", f"{folder}._saying"}
    assert loaded == {*shared, f"{folder}.sweep", f"{folder}.sweep.command"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["tables", "-o", "tables"], ["check-data", "."]])
def test_a_full_disk_behind_standard_output_is_told_in_a_sentence(arguments, unbuffered, tmp_path):
    Image.new("RGB", (40, 40)).save(tmp_path / "photo.png")
    code = "from deblur_lightning.commands import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=environment, cwd=tmp_path,
        )  # fmt: skip
    said = "deblur: standard output: No space left on device. Check the path, its permissions and the space left.\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_an_error_without_a_name_is_not_laid_to_an_output_that_works(capsys):
    with pytest.raises(OSError, match="No space") as raised, naming_output():
        raise OSError(errno.ENOSPC, "No space left on device")
    assert raised.value.filename is None


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_a_command_that_is_told_to_end_leaves_nothing_half_done(tmp_path, number, status):
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"  # a shell's background jobs lack it
        "from deblur_lightning.commands import main; main()"
    )
    arguments = ["sample-gopro", str(tmp_path / "set"), "--size", "3000", "2000", "--frames", "9"]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments])
    ends = time.monotonic() + 120
    while not list(tmp_path.glob(".part-*")) and time.monotonic() < ends:
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(60) == status
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_is_ignored_on_purpose_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_by_signals():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, signal.SIG_IGN)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
