import dataclasses
import multiprocessing

import pytest

from deblur_lightning.reports.results import (
    Result,
    append_result,
    check_store,
    file_hash,
    latest_results,
    read_results,
    read_rows,
    source_commit,
)

RESULT = Result("Adaptive", "Köhler", {"psnr": 20.5, "mssim": 0.5}, date="2020-01-01T00:00:00+00:00")


def test_a_result_reads_back_as_it_was_stored(tmp_path):
    store = tmp_path / "new" / "results.jsonl"
    rows = [{"name": "Blurry1_1", "psnr": 20.0}, {"name": "Blurry, 2", "psnr": 21.0}]
    stored = append_result(RESULT, store, rows)
    append_result(dataclasses.replace(RESULT, blur="blur_gamma"), store)
    first, second = read_results(store)
    assert first == stored
    assert read_rows(first, store) == [{"name": "Blurry1_1", "psnr": "20.0"}, {"name": "Blurry, 2", "psnr": "21.0"}]
    assert second.blur == "blur_gamma"
    assert read_rows(second, store) == []


def test_a_store_that_does_not_exist_is_empty(tmp_path):
    assert read_results(tmp_path / "none.jsonl") == []


def test_the_newest_evaluation_counts_wherever_it_stands(tmp_path):
    older = dataclasses.replace(RESULT, metrics={"psnr": 1.0}, date="2019-01-01T00:00:00+00:00")
    gamma = dataclasses.replace(RESULT, blur="blur_gamma")
    assert latest_results([RESULT, gamma, older]) == [RESULT, gamma]
    assert latest_results([older, RESULT]) == [RESULT]


def test_a_line_torn_by_a_kill_does_not_swallow_the_next(tmp_path, monkeypatch):
    monkeypatch.delattr("os.pread", raising=False)  # Windows has none
    store = tmp_path / "results.jsonl"
    store.write_text('{"method": "half')
    append_result(RESULT, store)
    with pytest.raises(ValueError, match=r"line 1, is no result .* Delete that line"):
        read_results(store)
    store.write_text(store.read_text().split("\n", 1)[1])
    assert read_results(store) == [RESULT]


def _append_many(store):
    for _ in range(50):
        append_result(RESULT, store)


def test_two_processes_may_append_at_once(tmp_path):
    store = tmp_path / "results.jsonl"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_append_many, args=(store,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert read_results(store) == [RESULT] * 100


def test_a_line_of_a_store_that_kept_less_is_read(tmp_path):
    store = tmp_path / "results.jsonl"
    store.write_text(
        '{"method": "a", "dataset": "b", "metrics": {"psnr": 1.0}, "blur": "", "pictures": 1, "seconds": 2.0, '
        '"checkpoint": "ba7816bf8f01", "config": "c", "commit": "d", "date": "2020-01-01T00:00:00+00:00", "rows": ""}\n'
    )
    (result,) = read_results(store)
    assert (result.device, result.checkpoint_name, result.restores) == ("", "", True)


def test_unknown_keys_are_named(tmp_path):
    store = tmp_path / "results.jsonl"
    store.write_text('{"method": "a", "dataset": "b", "metrics": {"psnr": 1}, "colour": 3}\n')
    with pytest.raises(ValueError, match=r"line 1.*colour"):
        read_results(store)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ('"metrics": [1]', r"metrics is \[1\], but metrics are numbers by name"),
        ('"metrics": {"psnr": "20"}', "psnr is '20', but a number"),
        ('"metrics": {"psnr": true}', "psnr is True, but a number"),
        (f'"metrics": {{"psnr": 1{"0" * 400}}}', "int too large"),
        ('"metrics": {"psnr": 1}, "seconds": null', "seconds is None, but a number"),
        ('"metrics": {"psnr": 1}, "date": 5', "date is 5, but text"),
        ('"metrics": {"psnr": 1}, "method": 5', "method is 5, but text"),
        ('"metrics": {"psnr": 1}, "pictures": "6"', "pictures is '6', but a whole number"),
        ('"metrics": {"psnr": 1}, "restores": 1', "restores is 1, but true or false"),
        ('"metrics": {"psnr": 1}, "colour": "red"', "colour"),
    ],
)
def test_a_field_of_another_type_is_named_with_its_line(tmp_path, fields, said):
    store = tmp_path / "results.jsonl"
    method = "" if '"method"' in fields else '"method": "a", '
    append_result(RESULT, store)
    with store.open("a") as file:
        file.write(f'{{{method}"dataset": "b", {fields}}}\n')
    with pytest.raises(ValueError, match=rf"results.jsonl, line 2, is no result \(.*{said}.*Delete that line"):
        read_results(store)


@pytest.mark.parametrize("line", ["[1, 2]", "5", "null", '"text"'])
def test_a_line_without_fields_is_no_result(tmp_path, line):
    (tmp_path / "results.jsonl").write_text(line + "\n")
    with pytest.raises(ValueError, match=r"line 1, is no result .*names and values.*Delete that line"):
        read_results(tmp_path / "results.jsonl")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_that_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match=r"psnr of a on b is .*Look for NaN"):
        Result("a", "b", {"psnr": value})


@pytest.mark.parametrize("arguments", [("", "b", {"psnr": 1}), ("a", "", {"psnr": 1}), ("a", "b", {})])
def test_a_result_without_a_name_or_metric_is_refused(arguments):
    with pytest.raises(ValueError, match=r"is empty, .*Name it"):
        Result(*arguments)


def test_a_store_that_can_be_written_is_left_as_it_was(tmp_path):
    check_store(tmp_path / "new/deep/results.jsonl")
    assert not list(tmp_path.iterdir())
    store = tmp_path / "results.jsonl"
    append_result(RESULT, store)
    check_store(store)
    assert read_results(store) == [RESULT]
    assert list(tmp_path.iterdir()) == [store]


@pytest.mark.parametrize(
    ("store", "why"),
    [("file/r.jsonl", "file is a file"), ("folder", "Is a directory"), ("folder/r.jsonl", "pictures is a file")],
)
def test_a_store_that_cannot_be_written_is_told(tmp_path, store, why):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/pictures").touch()
    with pytest.raises(OSError, match=rf"{store} cannot be written: .*{why}\. Choose another store"):
        check_store(tmp_path / store)


def test_rows_that_were_deleted_are_named(tmp_path):
    stored = append_result(RESULT, tmp_path / "results.jsonl", [{"name": "x", "psnr": 1.0}])
    (tmp_path / stored.rows).unlink()
    with pytest.raises(FileNotFoundError, match="Run that evaluation again"):
        read_rows(stored, tmp_path / "results.jsonl")


def test_checkpoints_are_told_apart_by_their_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_hash(tmp_path / "a") == "ba7816bf8f01"


def test_the_commit_is_one_word():
    assert len(source_commit().split()) <= 1


def test_a_name_with_an_odd_line_end_is_read_back(tmp_path):
    result = append_result(Result("a\u2028b\x85c", "sample", {"psnr": 1.0}), tmp_path / "results.jsonl")
    assert read_results(tmp_path / "results.jsonl") == [result]


def test_methods_whose_names_look_alike_as_files_keep_their_own_rows(tmp_path):
    store = tmp_path / "results.jsonl"
    stored = [
        append_result(dataclasses.replace(RESULT, method=name), store, [{"name": name, "psnr": 20.0}])
        for name in ("A+", "A-", "A*")
    ]
    assert [read_rows(one, store)[0]["name"] for one in stored] == ["A+", "A-", "A*"]


def test_names_as_long_as_folders_may_have_are_stored_with_their_rows(tmp_path):
    store = tmp_path / "results.jsonl"
    result = dataclasses.replace(RESULT, method="方法" * 40, dataset="d" * 255)
    stored = [append_result(result, store, [{"name": name, "psnr": 20.0}]) for name in ("first", "second")]
    assert [read_rows(one, store)[0]["name"] for one in stored] == ["first", "second"]
    assert read_results(store) == stored
