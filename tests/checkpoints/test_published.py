"""What is no file of the authors is refused in one sentence, and never executed."""

import pickle
import re

import pytest
import torch
from two_heads import two_heads_weights

from deblur_lightning.checkpoints import load_published


def saved(path, content):
    torch.save(content, path)
    return path


def tiny(**changes):
    """Give small weights, with layers replaced, or left out where None."""
    changes = {name.replace("__", "."): value for name, value in changes.items()}
    return {name: value for name, value in (two_heads_weights(3, 9, 8) | changes).items() if value is not None}


class Hostile:
    """Writes a file when it is unpickled."""

    def __init__(self, traces):
        self.traces = traces

    def __reduce__(self):
        return exec, (f"import pathlib; pathlib.Path({str(self.traces)!r}).write_text('ran')",)


@pytest.mark.parametrize("name", ["TwoHeads.pkl", "latest_net_G.pth", "model.ckpt"])
@pytest.mark.parametrize(
    "write",
    [
        torch.save,
        lambda content, path: torch.save(content, path, _use_new_zipfile_serialization=False),
        lambda content, path: path.write_bytes(pickle.dumps(content)),
    ],
)
def test_code_in_a_pickle_is_not_executed(tmp_path, name, write):
    traces = tmp_path / "traces"
    write({**tiny(), "inc_rgb.0.weight": Hostile(traces)}, tmp_path / name)
    with pytest.raises(ValueError, match=rf"{name} (holds more than weights|is damaged).* (weights alone|authors)\.$"):
        load_published(tmp_path / name)
    assert not traces.exists()
    pickle.loads(pickle.dumps(Hostile(traces)))  # noqa: S301 - shows that the test's code would have run
    assert traces.exists()


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}])
def test_a_file_cut_short_is_damaged(tmp_path, share, options):
    torch.save(tiny(), tmp_path / "cut.pkl", **options)
    whole = (tmp_path / "cut.pkl").read_bytes()
    (tmp_path / "cut.pkl").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"cut\.pkl is damaged, or no checkpoint\. Download it again"):
        load_published(tmp_path / "cut.pkl")


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ({"state_dict": tiny(), "epoch": 3}, "is a Lightning checkpoint, .* Pass it as it is to `deblur restore"),
        ([1, 2], "holds no weights by name"),
        ({}, "holds no weights by name"),
        ({"epoch": 3}, "holds no weights by name"),
        (torch.zeros(3), "holds no weights by name"),
        (
            {"fpn.weight": torch.zeros(3)},
            r"of another network \(fpn\.weight, …\) than adaptive-basis",
        ),
        (
            {"params": {"intro.weight": torch.zeros(3)}},
            r"of another network \(intro\.weight, …\) than adaptive",
        ),
        (tiny(up2__up__bias=None), r"no adaptive-basis as released: it lacks up2\.up\.bias\. Download"),
        (
            tiny(up2__up__bias=None, feat__0__bias=None, up9__extra=torch.zeros(2)),
            r"it lacks feat\.0\.bias and 1 more and has the unknown up9\.extra\. Download it again",
        ),
        (
            tiny(kernel_up3__up__weight=None),
            "holds adaptive-basis in sizes that it does not come in .*kernel_size is 5",
        ),
        (tiny(inc_rgb__0__weight=torch.zeros(9, 3, 3, 3)), "sizes that it does not come in .*width is 9"),
        (tiny(inc_rgb__0__weight=torch.tensor(1.0)), "sizes that it does not come in"),
        (tiny(feat__0__bias=torch.zeros(5)), r"holds feat\.0\.bias of shape \[5\], but \[128\] is needed"),
        (tiny(feat__0__bias=torch.full((128,), torch.nan)), r"holds feat\.0\.bias with values that are no finite"),
        (tiny(feat__0__bias=torch.zeros(128, dtype=torch.long)), r"holds feat\.0\.bias with values that are no finite"),
        (tiny(feat__0__bias=torch.zeros(1).expand(128)), r"holds feat\.0\.bias without all of its values"),
        (tiny(feat__0__bias=torch.zeros(128).to_sparse()), r"holds feat\.0\.bias without all of its values"),
    ],
)
def test_other_contents_are_one_sentence(tmp_path, content, remedy):
    path = saved(tmp_path / "file.pth", content)
    with pytest.raises(ValueError, match=remedy) as refused:
        load_published(path)
    assert re.match(rf"{re.escape(str(path))} [^\n]*\.$", str(refused.value))


def test_a_missing_file_and_an_unknown_model_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.pkl is no file, .* Check the path"):
        load_published(tmp_path / "none.pkl")
    with pytest.raises(ValueError, match=r"model is unet, but there are adaptive-basis.* Pass one of these"):
        load_published(saved(tmp_path / "a.pkl", tiny()), model="unet")
