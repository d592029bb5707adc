import pytest

from deblur_lightning.data.absent import AbsentError
from deblur_lightning.data.kohler.files import find_kohler


@pytest.mark.parametrize("content", ["{}", "{", "[1]", "\xff"])
def test_another_file_of_the_note_s_name_is_said(tmp_path, content):
    (tmp_path / "sample.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(AbsentError):
        find_kohler(tmp_path)  # nothing of the benchmark is there
    (tmp_path / "Blurry1_1.png").touch()
    with pytest.raises(ValueError, match=r"sample\.json does not tell how many frames"):
        find_kohler(tmp_path)
