import pytest

from deblur_lightning.commands import _photo_paths
from deblur_lightning.commands._photo_paths import (
    expand_patterns,
    plan_photos,
    result_name,
    target_problem,
)


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
    plan = plan_photos([tree(tmp_path / "in", "a.jpg", "a.NEF", "b.jxl", "c.MP4", "d.mov", "e.txt")], tmp_path / "out")
    assert [path.name for path in plan.passed_over] == ["a.NEF", "b.jxl", "c.MP4", "d.mov"]
    assert plan.said_of_passed_over() == [
        "passed over 4 files of kinds that are not read (.jxl, .mov, .mp4, .nef); develop raw files to 16-bit TIFFs; "
        "restore videos by: deblur restore-video"
    ]
    assert len(plan.pairs) == 1
    assert plan_photos([tree(tmp_path / "one", "a.jpg")], tmp_path / "out").said_of_passed_over() == []


def test_a_folder_of_nothing_but_kinds_not_read_is_a_failure(tmp_path):
    plan = plan_photos([tree(tmp_path / "in", "a.jpg"), tree(tmp_path / "raw", "a.CR2", "b.txt")], tmp_path / "out")
    assert [reason for _, reason in plan.failed] == [
        f"{tmp_path / 'raw'} holds no photo that is read, only other kinds (.cr2); develop raw files to 16-bit TIFFs."
    ]
    assert plan.said_of_passed_over() == []


def test_photos_of_phones_are_searched_for_and_without_the_extra_it_is_named(tmp_path, monkeypatch):
    folder = tree(tmp_path / "in", "a.heic", "b.jpg")
    assert [source.name for source, _ in plan_photos([folder], tmp_path / "out").pairs] == ["a.heic", "b.jpg"]
    monkeypatch.setattr(_photo_paths, "READ_SUFFIXES", _photo_paths.READ_SUFFIXES - {".heic"})
    monkeypatch.setattr(_photo_paths, "PASSED_OVER", _photo_paths.PASSED_OVER | {".heic"})
    plan = plan_photos([folder], tmp_path / "out")
    assert [source.name for source, _ in plan.pairs] == ["b.jpg"]
    assert plan.said_of_passed_over() == [
        "passed over 1 file of kinds that are not read (.heic); HEIC needs: pip install 'deblur-lightning[heic]'"
    ]


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


def test_a_place_that_the_system_does_not_show_is_said_and_the_rest_is_planned(tmp_path):
    hidden = tmp_path / ("[x]" * 100) / "b.jpg"  # no file system has such names; folders without permission are alike
    plan = plan_photos([hidden, tree(tmp_path, "a.jpg") / "a.jpg"], tmp_path / "out")
    assert [source.name for source, _ in plan.pairs] == ["a.jpg"]
    said = f"{hidden}: File name too long. Check the path, its permissions and the space left."
    assert plan.failed == [(hidden, said)]


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


def test_a_video_is_named_as_one(tmp_path):
    plan = plan_photos([tree(tmp_path, "a.mp4", "a.jpg") / "a.mp4", tmp_path / "a.jpg"], tmp_path / "out")
    assert plan.failed[0][1] == f"{tmp_path / 'a.mp4'} is a video, not a photo. Restore it by: deblur restore-video."
    assert len(plan.pairs) == 1


@pytest.mark.parametrize("name", ["two.png", "two.HEIC", "two.gif"])
def test_a_picture_s_name_for_several_photos_is_refused_before_a_folder_is_made(tmp_path, name):
    tree(tmp_path, "a.png", "b.png", "in/c.png")
    with pytest.raises(ValueError, match=r"names one picture, but there are 2 photos\. Name a folder\."):
        plan_photos([tmp_path / "a.png", tmp_path / "b.png"], tmp_path / name)
    with pytest.raises(ValueError, match=r"names one picture, but .*in is a folder\. Name a folder\."):
        plan_photos([tmp_path / "in"], tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("suffix", [".jxl", ".gif", ".mp4", ".CR2", ".mpo", ".psd"])
def test_a_result_of_a_kind_that_is_not_written_is_refused_with_those_that_are(tmp_path, suffix):
    with pytest.raises(ValueError, match=rf"but {suffix.lower()} is not written, only \.jpg, \.png, .*Choose one"):
        plan_photos([tree(tmp_path, "a.png") / "a.png"], tmp_path / f"result{suffix}")


@pytest.mark.parametrize(
    ("suffix", "meant"), [(".jepg", ".jpg"), (".JGP", ".jpg"), (".pgn", ".png"), (".tfif", ".tif"), (".web", ".webp")]
)
def test_a_mistyped_kind_of_a_single_photo_s_result_is_asked_about_before_a_folder_is_made(tmp_path, suffix, meant):
    source, output = tree(tmp_path, "a.jpg") / "a.jpg", tmp_path / f"photo{suffix}"
    with pytest.raises(ValueError, match=rf"if that is a picture, write \{meant}\. If not, make that folder first"):
        plan_photos([source], output)
    assert not output.exists()
    assert plan_photos([source, tree(tmp_path, "b.jpg") / "b.jpg"], output).folder == output  # of several: a folder
    output.mkdir()
    assert plan_photos([source], output).pairs == [(source, output / "a.jpg")]


@pytest.mark.parametrize("name", ["v1.2", "2024.05", "old.bak", "sharp.out", "try.new", "photos.d"])
def test_a_dot_in_a_folder_s_name_is_no_mistake(tmp_path, name):
    assert plan_photos([tree(tmp_path, "a.jpg") / "a.jpg"], tmp_path / name).folder == tmp_path / name


def test_a_quoted_pattern_names_the_files_that_it_matches(tmp_path):
    tree(tmp_path, "frames/2.png", "frames/10.png", "frames/x.txt", "deep/a/3.png", "[odd].png", "o.png")
    names = [source.name for source, _ in plan_photos([tmp_path / "frames" / "*.png"], tmp_path / "out").pairs]
    assert names == ["10.png", "2.png"]
    assert expand_patterns([tmp_path / "deep" / "**" / "*.png"]) == [tmp_path / "deep" / "a" / "3.png"]
    assert expand_patterns([tmp_path / "[odd].png"]) == [tmp_path / "[odd].png"]  # a file of that very name
    plan = plan_photos([tmp_path / "frames" / "*.jpg"], tmp_path / "out")
    assert "*.jpg does not exist" in plan.failed[0][1]


def test_a_result_of_another_format_leaves_other_photos_their_names(tmp_path):
    tree(tmp_path / "in", "anim.gif", "anim.png", "single.gif")
    plan = plan_photos([tmp_path / "in"], tmp_path / "out")
    (anim, named), _, (single, alone) = plan.pairs
    assert result_name(anim, named, "anim.png", plan, ()) == tmp_path / "out" / "anim.gif.png"
    assert result_name(single, alone, "single.png", plan, ()) == tmp_path / "out" / "single.png"
    taken = {tmp_path / "out" / "single.png"}
    assert result_name(single, alone, "single.png", plan, taken) == tmp_path / "out" / "single.gif.png"


def test_drawings_of_motion_fields_beside_photos_are_no_photos(tmp_path):
    names = ("a.jpg", "a_field.png", "a_basis.png", "a_coefficients.png", "corn.jpg", "corn_field.png")
    plan = plan_photos([tree(tmp_path / "in", *names)], tmp_path / "out")
    assert [source.name for source, _ in plan.pairs] == ["a.jpg", "corn.jpg", "corn_field.png"]
    assert plan.said_of_passed_over() == ["passed over 3 drawings of motion fields"]
    named = plan_photos([tmp_path / "in" / "a_field.png"], tmp_path / "out")  # who names one means it
    assert len(named.pairs) == 1
