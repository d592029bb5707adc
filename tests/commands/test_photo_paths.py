import subprocess
from pathlib import Path

import pytest

from deblur_lightning.commands._photo_paths import check_folder_writable, plan_photos, target_problem


def tree(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def test_a_folders_structure_is_kept_and_other_files_are_left_out(tmp_path):
    holiday = tree(tmp_path / "in", "a.jpg", "day 1/b.PNG", "day 1/é/c.tiff", "notes.txt", ".hidden.jpg", ".git/d.jpg")
    plan = plan_photos([holiday], tmp_path / "out")
    assert [(source.name, str(target.relative_to(tmp_path))) for source, target in plan.pairs] == [
        ("a.jpg", "out/a.jpg"),
        ("b.PNG", "out/day 1/b.PNG"),
        ("c.tiff", "out/day 1/é/c.tiff"),
    ]
    assert not plan.failed


def test_pictures_of_kinds_not_read_are_said_not_silently_left_out(tmp_path):
    plan = plan_photos([tree(tmp_path / "in", "a.jpg", "a.NEF", "b.heic")], tmp_path / "out")
    assert [path.name for path in plan.passed_over] == ["a.NEF", "b.heic"]
    assert len(plan.pairs) == 1


def test_results_inside_the_searched_folder_are_not_restored_again(tmp_path):
    tree(tmp_path, "a.jpg", "sharp/a.jpg", "sharp/deep/a.jpg")
    plan = plan_photos([tmp_path], tmp_path / "sharp")
    assert [source for source, _ in plan.pairs] == [tmp_path / "a.jpg"]


def test_links_that_loop_are_not_followed(tmp_path):
    holiday = tree(tmp_path / "in", "a.jpg")
    (holiday / "again").symlink_to(holiday)
    (holiday / "loop.jpg").symlink_to(holiday / "loop.jpg")
    plan = plan_photos([holiday], tmp_path / "out")
    assert [source.name for source, _ in plan.pairs] == ["a.jpg", "loop.jpg"]


def test_a_missing_photo_and_an_empty_folder_are_said_and_the_rest_is_planned(tmp_path):
    (tmp_path / "empty").mkdir()
    tree(tmp_path, "a.jpg")
    plan = plan_photos([tmp_path / "no.jpg", tmp_path / "empty", tmp_path / "a.jpg"], tmp_path / "out")
    assert [source.name for source, _ in plan.pairs] == ["a.jpg"]
    assert "no.jpg does not exist" in plan.failed[0][1]
    assert "empty holds no photo" in plan.failed[1][1]


@pytest.mark.parametrize(("output", "exact"), [("sharp.png", True), ("sharp", False), ("sharp.d", False)])
def test_a_single_photo_may_be_given_its_results_name(tmp_path, output, exact):
    plan = plan_photos([tree(tmp_path, "a.jpg") / "a.jpg"], tmp_path / output)
    assert plan.exact == exact
    assert plan.pairs[0][1] == (tmp_path / output if exact else tmp_path / output / "a.jpg")
    assert plan.folder == (tmp_path if exact else tmp_path / output)


def test_a_folder_with_a_photos_name_stays_a_folder(tmp_path):
    (tmp_path / "sharp.png").mkdir()
    plan = plan_photos([tree(tmp_path, "a.jpg") / "a.jpg"], tmp_path / "sharp.png")
    assert plan.pairs[0][1] == tmp_path / "sharp.png" / "a.jpg"


def test_results_in_the_way_of_photos_each_other_or_protection_are_refused(tmp_path):
    tree(tmp_path, "a.jpg", "out/a.jpg", "out/safe.jpg")
    (tmp_path / "out" / "folder.jpg").mkdir()
    (tmp_path / "out" / "safe.jpg").chmod(0o444)
    photo, out = tmp_path / "a.jpg", tmp_path / "out"
    assert target_problem(photo, out / "a.jpg", out, ()) is None
    assert "overwritten by its own result" in target_problem(photo, photo, tmp_path, ())
    assert "another photo's" in target_problem(photo, out / "a.jpg", out, {out / "a.jpg"})
    assert "is a folder" in target_problem(photo, out / "folder.jpg", out, ())
    assert "read-only" in target_problem(photo, out / "safe.jpg", out, ())


def test_the_photo_itself_is_known_through_links(tmp_path):
    tree(tmp_path, "a.jpg")
    (tmp_path / "out").symlink_to(tmp_path)
    problem = target_problem(tmp_path / "a.jpg", tmp_path / "out" / "a.jpg", tmp_path / "out", ())
    assert "overwritten by its own result" in problem


@pytest.mark.parametrize("name", ["elsewhere/a.jpg", "../a.jpg"])
def test_results_do_not_leave_the_output_folder(tmp_path, name):
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "other").mkdir()
    (out / "elsewhere").symlink_to(tmp_path / "other")
    problem = target_problem(tree(tmp_path, "b.jpg") / "b.jpg", out / name, out, ())
    assert "would leave" in problem


def test_an_output_folder_that_is_a_file_is_known_before_long_work(tmp_path):
    with pytest.raises(OSError, match=r"cannot be written: .* Choose another output folder"):
        check_folder_writable(tree(tmp_path, "out") / "out")


def test_a_read_only_output_is_known_before_long_work(tmp_path):
    if not Path("/bin/mount").exists():
        pytest.skip("there is no /bin/mount to make a read-only file system with")
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"mounting a tmpfs is not allowed here: {mounted.stderr.decode().strip()}")
    try:
        with pytest.raises(OSError, match=r"cannot be written: Read-only file system. Choose another output folder"):
            check_folder_writable(tmp_path / "out")
    finally:
        subprocess.run(["/bin/umount", tmp_path], check=True)
