from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from deblur_lightning.data.kohler.matlab import read_stack, stack_shape

STACK = np.random.default_rng(0).integers(0, 256, (7, 9, 3, 5), dtype=np.uint8)


def write(path: Path, kind: str, stack: np.ndarray = STACK) -> Path:
    if kind == "7.3":
        with h5py.File(path, "w", userblock_size=512) as file:
            file["GroundTruth"] = stack.T
    else:
        variables = {"before": np.arange(3.0), "text": "abc", "GroundTruth": stack, "after": np.eye(2)}
        scipy.io.savemat(path, variables, do_compression=kind == "compressed")
    return path


@pytest.mark.parametrize("kind", ["plain", "compressed", "7.3"])
def test_pictures_of_a_stack_come_one_by_one(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "GroundTruth1_1.mat", kind)
    assert stack_shape(path, "GroundTruth") == STACK.shape
    for position, picture in enumerate(read_stack(path, "GroundTruth")):
        np.testing.assert_array_equal(picture, STACK[..., position])
    assert position == 4


@pytest.mark.parametrize("kind", ["plain", "compressed", "7.3"])
def test_a_stack_of_one_picture_has_lost_its_last_axis(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "one.mat", kind, STACK[..., 0])
    np.testing.assert_array_equal(np.array(list(read_stack(path, "GroundTruth"))), STACK[..., 0][None])


@pytest.mark.parametrize("kind", ["plain", "compressed", "7.3"])
def test_another_variable_or_other_numbers_are_refused_by_name(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "stack.mat", kind)
    with pytest.raises(ValueError, match=r"stack.mat holds no variable Sharp.*use the PNGs"):
        stack_shape(path, "Sharp")
    path = write(tmp_path / "wide.mat", kind, STACK.astype(np.uint16))
    with pytest.raises(ValueError, match=r"wide.mat: GroundTruth .*8-bit|wide.mat: GroundTruth .*bytes"):
        stack_shape(path, "GroundTruth")


@pytest.mark.parametrize("kind", ["plain", "compressed"])
def test_a_cut_file_is_noticed(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "cut.mat", kind)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(ValueError, match=r"cut.mat.*Fetch"):
        list(read_stack(path, "GroundTruth"))


def test_what_is_no_matlab_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.mat").write_bytes(b"\0" * 600)
    with pytest.raises(ValueError, match=r"a.mat is no MATLAB file.*-v7"):
        stack_shape(tmp_path / "a.mat", "GroundTruth")
    with pytest.raises(FileNotFoundError, match="Check the path"):
        stack_shape(tmp_path / "b.mat", "GroundTruth")
