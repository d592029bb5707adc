import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deblur_lightning.commands import main
from deblur_lightning.commands.score_kohler.scores import MethodScores, PictureScore, find_restored, score_folders
from deblur_lightning.commands.score_kohler.tables import tables
from deblur_lightning.data import write_kohler_sample
from deblur_lightning.data.kohler.files import kohler_name
from deblur_lightning.metrics import kohler_score
from deblur_lightning.metrics.kohler_metric import Picture
from deblur_lightning.reports.results import read_results, read_rows


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("kohler") / "set"
    write_kohler_sample(root, images=1, trajectories=3, frames=31, size=161)
    return root


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def frames(sample: Path, kernel: int) -> list[np.ndarray]:
    return [pixels(sample / f"Image1/Kernel{kernel}/GroundTruth1_{kernel}_{number}.png") for number in range(1, 32)]


@pytest.fixture
def sharp(sample: Path, tmp_path: Path) -> Path:
    """A method that restores one picture to its 30th frame."""
    (tmp_path / "sharp").mkdir()
    shutil.copy(sample / "Image1/Kernel3/GroundTruth1_3_30.png", tmp_path / "sharp" / "Sharp v2-1_3.png")
    return tmp_path / "sharp"


def test_folders_scored_together_equal_the_function_and_skip_frame_30(sample: Path, sharp: Path) -> None:
    blurry, middle = score_folders([sample / "BlurryImages", sharp], sample, jobs=2)
    for kernel in (1, 2, 3):
        counted = [frame for number, frame in enumerate(frames(sample, kernel), 1) if (kernel, number) != (3, 30)]
        expected = kohler_score(pixels(sample / f"BlurryImages/Blurry1_{kernel}.png"), counted)
        score = blurry.scores[1, kernel]
        assert (score.psnr, score.mssim) == pytest.approx((expected.psnr, expected.mssim), rel=1e-12)
        assert score.psnr_shift == tuple(expected.shifts[expected.psnr_frame])
        assert [psnr for psnr, _ in score.frames.values()] == pytest.approx(expected.frame_psnr.tolist(), rel=1e-12)
    assert middle.scores[1, 3].psnr < np.inf
    assert middle.scores[1, 3].psnr_frame in (29, 31)
    assert list(middle.scores[1, 3].frames) == [*range(1, 30), 31]


def test_the_command_prints_tables_and_says_what_is_missing(
    sample: Path, sharp: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {kind: tmp_path / "out" / f"scores.{kind}" for kind in ("csv", "markdown", "json")}
    options = [text for kind, path in files.items() for text in (f"--{kind}", str(path))]
    options += ["--store", str(tmp_path / "results.jsonl")]
    with pytest.raises(SystemExit) as status:
        main(["score-kohler", str(sample / "BlurryImages"), str(sharp), "--data", str(sample), "--jobs", "1", *options])
    assert status.value.code == 0
    printed = capsys.readouterr()
    assert "picture 1_3 scored, 3 of 3" in printed.err
    assert (
        "BlurryImages: means over 3 of 48 pictures: no restored picture of image 1 kernels 4-12, image 2" in printed.out
    )
    assert "sharp: means over 1 of 48 pictures" in printed.out
    rows = list(csv.DictReader(files["csv"].read_text().splitlines()))
    assert [(row["method"], row["kernel"]) for row in rows] == [
        ("BlurryImages", "1"), ("BlurryImages", "2"), ("BlurryImages", "3"), ("sharp", "3"),
    ]  # fmt: skip
    content = json.loads(files["json"].read_text())
    best = content[0]["pictures"]["1_2"]
    assert best["psnr"] == float(rows[1]["psnr"]) == best["frames"][str(best["psnr_frame"])][0]
    assert content[0]["psnr"] == pytest.approx(np.mean([float(row["psnr"]) for row in rows[:3]]))
    markdown = files["markdown"].read_text()
    assert f"| image 1 | {float(rows[0]['psnr']):.2f} |" in markdown
    assert markdown.count("| image ") == 16
    stored = read_results(tmp_path / "results.jsonl")
    assert [(one.method, one.dataset, one.pictures) for one in stored] == [
        ("BlurryImages", "Köhler sample", 3), ("sharp", "Köhler sample", 1),
    ]  # fmt: skip
    assert stored[0].metrics == pytest.approx({"psnr": content[0]["psnr"], "mssim": content[0]["mssim"]})
    assert [row["name"] for row in read_rows(stored[0], tmp_path / "results.jsonl")] == ["1_1", "1_2", "1_3"]
    assert all(one.seconds > 0 and not one.restores and one.device.startswith("cpu, ") for one in stored)
    assert stored[0].config == f"deblur score-kohler {sample / 'BlurryImages'} --data {sample}"


def test_scores_show_up_in_the_tables_as_these_advise(sample: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    """The whole benchmark is what the tables' advice is for, so the sample stands for it."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["tables", "--only", "deblurgan-table2"])
    assert "Köhler was not run. Add it: `deblur score-kohler RESTORED --data KOHLER`" in capsys.readouterr().out
    shutil.copytree(sample / "BlurryImages", tmp_path / "mine")
    monkeypatch.setattr("deblur_lightning.data.kohler.files.kohler_name", lambda root, pictures: "Köhler")
    for command in (["score-kohler", "mine", "--data", str(sample)], ["tables", "--only", "deblurgan-table2"]):
        with pytest.raises(SystemExit) as status:
            main(command)
        assert status.value.code == 0
    table = capsys.readouterr().out
    assert "| mine " in table
    assert "was not run" not in table.partition("DeblurGAN's Table 2")[2]


def test_the_benchmark_a_part_of_it_and_a_sample_have_names_of_their_own(sample: Path, tmp_path: Path) -> None:
    assert kohler_name(sample, 48) == "Köhler sample"
    assert kohler_name(tmp_path, 48) == "Köhler"
    assert kohler_name(tmp_path, 47) == "Köhler, 47 of 48 pictures"


def test_motion_fields_that_restore_drew_beside_the_results_are_left_out(sample: Path, tmp_path: Path) -> None:
    shot = sample / "BlurryImages/Blurry1_1.png"
    for name in ("x1_1.png", "x1_1_field.png", "x1_1_basis.png", "x1_1_coefficients.png"):
        shutil.copy(shot, tmp_path / name)
    assert find_restored(tmp_path) == {(1, 1): tmp_path / "x1_1.png"}
    shutil.copy(shot, tmp_path / "x1_2_field.png")  # beside no result: perhaps a result of a wrong name
    with pytest.raises(ValueError, match=r"x1_2_field names no Köhler picture"):
        find_restored(tmp_path)


def test_an_equal_frame_is_infinite_in_tables_and_null_in_json(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "true").mkdir()
    shutil.copy(sample / "Image1/Kernel1/GroundTruth1_1_5.png", tmp_path / "true" / "1_1.png")
    with pytest.raises(SystemExit):
        main(
            [
                "score-kohler",
                str(tmp_path / "true"),
                "--data",
                str(sample),
                "--json",
                str(tmp_path / "a.json"),
                "--store",
                str(tmp_path / "results.jsonl"),
            ]
        )
    (stored,) = read_results(tmp_path / "results.jsonl")
    assert list(stored.metrics) == ["mssim"]  # no table can hold an infinite mean
    content = json.loads((tmp_path / "a.json").read_text())
    assert content[0]["psnr"] is None
    assert content[0]["pictures"]["1_1"]["psnr_frame"] == 5


def test_a_restored_picture_without_frames_is_left_out_and_said(sample: Path, tmp_path: Path) -> None:
    for name in ("x1_1.png", "x4_2.png"):
        shutil.copy(sample / "BlurryImages/Blurry1_1.png", tmp_path / name)
    (scored,) = score_folders([tmp_path], sample)
    assert list(scored.scores) == [(1, 1)]
    assert "no sharp frames of image 4 kernels 2." in scored.lacking()


def test_a_folder_without_any_sharp_frames_beside_another_is_refused_before_scoring(
    sample: Path, tmp_path: Path
) -> None:
    for folder, name in (("one", "x1_1.png"), ("two", "x4_2.png")):
        (tmp_path / folder).mkdir()
        shutil.copy(sample / "BlurryImages/Blurry1_1.png", tmp_path / folder / name)
    scored: list[str] = []
    with pytest.raises(ValueError, match=r"two holds restored pictures image 4 kernels 2, but .* Leave it out"):
        score_folders([tmp_path / "one", tmp_path / "two"], sample, progress=scored.append)
    assert scored == []


@pytest.mark.parametrize(
    ("name", "pixels", "message"),
    [
        ("x1_1.png", np.zeros((161, 161, 3), np.uint8), "x1_1.png is black"),
        ("x1_1.png", np.ones((170, 161, 3), np.uint8), r"x1_1.png is 170 x 161.*frames' size"),
        ("x1_1.png", np.ones((161, 161), np.uint8), "x1_1.png is 8-bit gray.*Write it as 8-bit RGB"),
        ("x1_1.png", np.ones((161, 161), np.uint16), "x1_1.png is 16-bit gray"),
        ("result.png", np.ones((161, 161, 3), np.uint8), "result.png: result names no Köhler picture"),
        ("x9_1.png", np.ones((161, 161, 3), np.uint8), "x9_1.png: .*images are 1 to 4"),
        ("x4_4.png", np.ones((161, 161, 3), np.uint8), "sharp frames of image 1 kernels 1-3, none of a restored"),
    ],
)
def test_what_cannot_be_scored_names_its_file(
    sample: Path, tmp_path: Path, name: str, pixels: np.ndarray, message: str
) -> None:
    Image.fromarray(pixels).save(tmp_path / name)
    with pytest.raises(ValueError, match=message):
        score_folders([tmp_path], sample)


def test_a_folder_may_be_called_what_messages_speak_of(sample: Path, tmp_path: Path) -> None:
    (folder := tmp_path / "restored").mkdir()
    Image.fromarray(np.zeros((161, 161, 3), np.uint8)).save(path := folder / "x1_1.png")
    with pytest.raises(ValueError, match=f"picture 1_1: {path} is black, .* Look at how it was restored") as caught:
        score_folders([folder], sample)
    assert str(caught.value).count("x1_1.png") == 1


def test_a_mixed_an_empty_and_an_absent_folder_are_refused(sample: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="Check the path"):
        find_restored(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"holds no PNG.*Restore some"):
        find_restored(tmp_path)
    for name in ("one1_1.png", "two1_1.png"):
        shutil.copy(sample / "BlurryImages/Blurry1_1.png", tmp_path / name)
    with pytest.raises(ValueError, match=r"mixes one1_1.png and two1_1.png. Keep one method"):
        find_restored(tmp_path)


def test_outputs_that_cannot_be_written_are_said_before_scoring(sample: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "mine").mkdir()
    shutil.copy(sample / "BlurryImages/Blurry1_1.png", tmp_path / "mine" / "x1_1.png")
    (tmp_path / "file").write_text("precious")
    store = tmp_path / "results.jsonl"
    for option, path in (("--csv", tmp_path), ("--markdown", tmp_path / "file" / "a.md")):
        with pytest.raises(SystemExit, match=r"is a folder, but a file|cannot be written: .* is a file"):
            main(
                [
                    "score-kohler",
                    str(tmp_path / "mine"),
                    "--data",
                    str(sample),
                    option,
                    str(path),
                    "--store",
                    str(store),
                ]
            )
    assert "scored" not in capsys.readouterr().err
    assert not store.exists()


def test_two_folders_of_one_name_are_refused(sample: Path, tmp_path: Path) -> None:
    for parent in ("a", "b"):
        (tmp_path / parent / "mine").mkdir(parents=True)
        shutil.copy(sample / "BlurryImages/Blurry1_1.png", tmp_path / parent / "mine" / "x1_1.png")
    with pytest.raises(ValueError, match=r"a/mine and \S+b/mine have one name, by which tables know a method"):
        score_folders([tmp_path / "a" / "mine", tmp_path / "b" / "mine"], sample)
    one = tmp_path / "a" / "mine"
    with pytest.raises(ValueError, match="have one name"):
        score_folders([one, one], sample)


def test_the_sample_command_makes_the_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--images", "1", "--trajectories", "1", "--frames", "2", "--size", "161"]
    with pytest.raises(SystemExit) as status:
        main(["sample-kohler", str(tmp_path / "set"), *options])
    assert status.value.code == 0
    assert "1 shaken shots with 2 sharp frames each" in capsys.readouterr().out
    assert (tmp_path / "set" / "BlurryImages" / "Blurry1_1.png").is_file()


def test_a_bar_in_a_method_s_name_divides_no_cell_of_a_markdown_table():
    score = PictureScore(20.0, 0.5, 1, 1, (0, 0), (0, 0), {1: (20.0, 0.5)})
    method = MethodScores("a|b", Path("a|b"), {Picture(1, 1): score}, (), ())
    assert r"| a\|b " in tables([method], "github")
    assert "a|b " in tables([method])
