import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from small_models import write_small_checkpoint

from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.commands import export as export_module
from deblur_lightning.commands import main
from deblur_lightning.deblurring import DirectDeblurrer, describe
from deblur_lightning.networks import DeblurGANGenerator, FoldedNAFNet


def small(kind):
    torch.manual_seed(0)
    if kind == "nafnet":
        network = FoldedNAFNet(width=2, middle_blocks=1, encoder_blocks=(1,), decoder_blocks=(1,), pool=32)
        for weights in network.parameters():
            torch.nn.init.normal_(weights, std=0.3)
        return DirectDeblurrer(network, signed=False)
    return DirectDeblurrer(DeblurGANGenerator(width=2, blocks=1))


def run(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["export", *map(str, arguments)])
    return stopped.value.code


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["nafnet", "deblurgan"])
def test_the_file_answers_as_the_network_at_any_size_from_display_to_display(tmp_path, capsys, kind):
    deblurrer = small(kind)
    write_checkpoint(tmp_path / "small.ckpt", deblurrer.state_dict(), describe(deblurrer))
    assert run(tmp_path / "out.onnx", "--checkpoint", tmp_path / "small.ckpt") == 0
    assert "of ours at 5 sizes" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.onnx", "small.ckpt"]  # one file, with its weights
    session = onnxruntime.InferenceSession(tmp_path / "out.onnx", providers=["CPUExecutionProvider"])
    assert [(one.name, one.shape) for one in session.get_inputs()] == [("blurry", [1, 3, "height", "width"])]
    assert [(one.name, one.shape) for one in session.get_outputs()] == [("restored", [1, 3, "height", "width"])]
    onnx.checker.check_model(onnx.load(tmp_path / "out.onnx"))
    deblurrer.eval()
    for size in ((11, 83), (64, 31), (101, 97)):
        blurry = torch.rand(1, 3, *size)
        restored = session.run(None, {"blurry": blurry.numpy()})[0]
        assert np.abs(restored - deblurrer(blurry).picture.detach().numpy()).max() < 1e-4
        assert np.abs(restored - blurry.numpy()).max() > 0.01


def test_a_file_that_answers_otherwise_is_not_left(tmp_path, monkeypatch):
    from deblur_lightning.deblurring import exporting

    monkeypatch.setattr(exporting, "write_onnx", lambda deblurrer, path: path.write_bytes(b"graph"))
    monkeypatch.setattr(exporting, "farthest", lambda deblurrer, path: float("nan"))
    assert "differ from ours by nan, but 0.0001 is allowed" in run(tmp_path / "out.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_graph_that_answers_nan_at_one_size_alone_is_no_copy(tmp_path, monkeypatch):
    from deblur_lightning.deblurring.exporting import farthest

    class Session:
        """Answers as the network, but at 8 x 8 with NaN."""

        def __init__(self, *arguments, **options):
            pass

        def run(self, outputs, inputs):
            blurry = torch.from_numpy(inputs["blurry"])
            restored = small("nafnet").eval()(blurry).picture.detach()
            return [(restored * float("nan") if blurry.shape[-1] == 8 else restored).numpy()]

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    assert farthest(small("nafnet").eval(), tmp_path / "a.onnx", [(16, 24), (24, 16)]) < 1e-6
    assert np.isnan(farthest(small("nafnet").eval(), tmp_path / "a.onnx", [(8, 8), (16, 24)]))


def test_what_cannot_be_written_is_said_before_any_model_is_loaded(tmp_path, monkeypatch):
    (tmp_path / "there.onnx").write_text("precious")
    monkeypatch.setattr(export_module, "_direct", None)
    assert f"Name it {tmp_path / 'a.onnx'}." in run(tmp_path / "a.pt")
    assert "Pass --overwrite" in run(tmp_path / "there.onnx")
    assert (tmp_path / "there.onnx").read_text() == "precious"
    monkeypatch.setattr(export_module, "NEEDED", ("onnx", "no_such_module"))
    assert "no_such_module is not installed, but ONNX needs it. Run: pip install 'deblur-lightning[onnx]'" in run(
        tmp_path / "a.onnx"
    )


def test_a_model_that_estimates_motion_is_refused(tmp_path):
    checkpoint = write_small_checkpoint(tmp_path / "tiny.ckpt")
    said = run(tmp_path / "out.onnx", "--checkpoint", checkpoint)
    assert "is a MotionDeblurrer, but only direct networks are written as ONNX. Pass --checkpoint direct" in said
    assert not (tmp_path / "out.onnx").exists()
