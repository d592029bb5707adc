import re
from pathlib import Path

import pytest
from PIL import Image
from small_disks import small_disk
from small_models import small_direct_deblurrer, write_small_checkpoint

from deblur_lightning.commands import main
from deblur_lightning.commands._output_paths import check_folder_writable, figure_stem, refuse_suffix


def test_an_output_folder_that_is_a_file_is_known_before_long_work(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OSError, match=r"out cannot be written: it is a file\. Choose another output folder"):
        check_folder_writable(tmp_path / "out")
    with pytest.raises(OSError, match=r"in/it cannot be written: .*out is a file\. Choose another output folder"):
        check_folder_writable(tmp_path / "out" / "in" / "it")


def test_a_read_only_output_is_known_before_long_work(tmp_path):
    with (
        small_disk(tmp_path, "ro,size=64k"),
        pytest.raises(OSError, match=r"cannot be written: Read-only file system. Choose another output folder"),
    ):
        check_folder_writable(tmp_path / "out")


@pytest.mark.parametrize(("name", "stem"), [("fig.png", "fig"), ("fig.pdf", "fig"), ("fig", "fig"), ("fig.1", "fig.1")])
def test_a_figure_is_named_with_or_without_its_suffix(name, stem):
    assert figure_stem(Path("out", name), (".png", ".pdf")) == Path("out", stem)


@pytest.mark.parametrize("command", ["compare a.png -o", "curves run -o"])
@pytest.mark.parametrize(("typed", "remedy"), [(".", "NAME"), ("..", "../NAME"), ("out/", "out/NAME"), ("a.pdf", "")])
def test_a_folder_is_no_name_of_a_figure(command, typed, remedy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("out", "a.pdf"):
        Path(folder).mkdir()
    with pytest.raises(SystemExit) as stopped:
        main([*command.split(), typed])
    told = rf"^deblur: --output is {typed.rstrip('/')}, a folder, but a figure needs a name\. Pass \S*{remedy}\.$"
    assert re.search(told, stopped.value.code)
    assert {path.name for path in tmp_path.iterdir()} == {"out", "a.pdf"}


def test_a_folder_that_is_there_may_have_any_name(tmp_path):
    (tmp_path / "fields.png").mkdir()
    refuse_suffix(tmp_path / "fields.png", (".png",), "a folder")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["compare", "a.png", "-o", "fig.jpg"],
            r"fig\.jpg, but it names a figure, which is written as \.png and",
        ),
        (["curves", "run", "-o", "fig.JPG"], r"fig\.JPG, but it names a figure.*Leave out \.JPG\."),
        (
            ["kernels", "a.png", "-o", "fields.png"],
            r"fields\.png, but it names a folder for three pictures",
        ),
        (["figures", "-o", "all.pdf"], r"all\.pdf, but it names a folder for several figures"),
        (["page", "-o", "results.html"], r"results\.html, but it names a folder, in which the page is index\.html"),
        (["tables", "-o", "tables.md"], r"tables\.md, but it names a folder for all tables"),
    ],
)
def test_names_of_files_that_are_not_written_are_refused(arguments, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert re.search(told, stopped.value.code)
    assert list(tmp_path.iterdir()) == []


def test_kernels_of_a_model_that_sees_no_motion_leave_no_folder(tmp_path):
    Image.new("RGB", (40, 40)).save(tmp_path / "a.png")
    direct = write_small_checkpoint(tmp_path / "direct.ckpt", small_direct_deblurrer())
    with pytest.raises(SystemExit, match="sees no motion that could be drawn"):
        main(["kernels", str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), "--checkpoint", str(direct)])
    assert not (tmp_path / "out").exists()


def test_to_ask_whether_a_folder_can_be_written_leaves_nothing_but_what_was_there(tmp_path):
    (tmp_path / "there").mkdir()
    check_folder_writable(tmp_path / "there" / "new" / "deeper")
    check_folder_writable(tmp_path / "there")
    with pytest.raises(OSError, match=r"cannot be written: File name too long\. Choose another output folder"):
        check_folder_writable(tmp_path / "new" / ("x" * 300))
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


def test_a_link_to_nowhere_is_no_output_folder(tmp_path):
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OSError, match=r"out cannot be written: .*\. Choose another output folder"):
        check_folder_writable(tmp_path / "out")
