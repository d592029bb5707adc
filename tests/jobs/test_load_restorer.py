import json

import pytest
import torch
from deblur_lightning.jobs.checkpoint_paths import find_checkpoint
from deblur_lightning.jobs.load_restorer import load_restorer
from safetensors.torch import save_file

ARGUMENTS = {"num_basis": 3, "kernel_size": 9, "width": 8, "iterations": 2}


def tiny():
    adaptive_basis = pytest.importorskip(
        "deblur_lightning.modules.adaptive_basis", reason="this copy has no AdaptiveBasisModule"
    )
    torch.manual_seed(5)
    return adaptive_basis.AdaptiveBasisModule(**ARGUMENTS).eval()


def lightning_checkpoint(path, module):
    torch.save({"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}, path)
    return path


def test_a_lightning_checkpoint_restores_as_its_module_does(tmp_path):
    module = tiny()
    restorer = load_restorer(lightning_checkpoint(tmp_path / "tiny.ckpt", module))
    blurry = torch.rand(1, 3, 80, 96)
    assert torch.allclose(restorer.restore(blurry), module.restore(blurry).detach(), atol=1e-6)
    assert "tiny.ckpt (AdaptiveBasisModule)" in restorer.name
    assert restorer.field(blurry).coefficients.shape == (1, 3, 80, 96)


def test_safetensors_with_their_configuration_restore_alike(tmp_path):
    module = tiny()
    weights = {name: tensor.contiguous() for name, tensor in module.state_dict().items()}
    save_file(weights, tmp_path / "tiny.safetensors", {"config": json.dumps(ARGUMENTS)})
    blurry = torch.rand(1, 1, 70, 70)
    restored = load_restorer(tmp_path / "tiny.safetensors").restore(blurry)
    assert torch.allclose(restored, module.restore(blurry).detach(), atol=1e-6)


def test_options_replace_the_checkpoints_and_none_does_not(tmp_path):
    path = lightning_checkpoint(tmp_path / "tiny.ckpt", tiny())
    restorer = load_restorer(path, 0.5, 512, iterations=7, gamma=None)
    assert restorer.module.iterations == 7
    assert restorer.module.gamma == 2.2
    assert (restorer.strength, restorer.tile) == (0.5, 512)


def test_whoever_says_a_gamma_means_it_for_pictures_that_fade_too(tmp_path):
    path = tmp_path / "tiny.ckpt"
    for arguments, expected in (({}, None), ({"dark_gamma": 1.0}, 1.8)):
        torch.save({"state_dict": tiny().state_dict(), "hyper_parameters": ARGUMENTS | arguments}, path)
        module = load_restorer(path, gamma=1.8).module
        assert (module.gamma, module.dark_gamma) == (1.8, expected)


def test_an_option_that_the_model_lacks_is_named(tmp_path):
    path = lightning_checkpoint(tmp_path / "tiny.ckpt", tiny())
    with pytest.raises(ValueError, match=r"which has no colour\. Leave out --colour"):
        load_restorer(path, colour="red")


def test_weights_of_another_size_are_one_sentence(tmp_path):
    module = tiny()
    content = {"state_dict": module.state_dict(), "hyper_parameters": {**ARGUMENTS, "width": 16}}
    torch.save(content, tmp_path / "tiny.ckpt")
    with pytest.raises(ValueError, match=r"tiny\.ckpt holds weights of another architecture .*Train it anew"):
        load_restorer(tmp_path / "tiny.ckpt")


def test_another_projects_weights_are_one_sentence(tmp_path):
    torch.save({"state_dict": {"backbone.weight": torch.rand(3)}}, tmp_path / "other.ckpt")
    with pytest.raises(ValueError, match=r"other\.ckpt holds the weights of another model than AdaptiveBasisModule"):
        load_restorer(tmp_path / "other.ckpt")


class Hostile:
    """What a malicious checkpoint holds: unpickling it calls a function."""

    def __reduce__(self):
        return exec, ("raise SystemExit('the code in the checkpoint ran')",)


def test_code_in_a_checkpoint_is_never_run(tmp_path):
    torch.save({"state_dict": {"network.weight": Hostile()}}, tmp_path / "evil.ckpt")
    with pytest.raises(ValueError, match=r"evil\.ckpt holds more than weights, and code in it is never run"):
        load_restorer(tmp_path / "evil.ckpt")


@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
@pytest.mark.parametrize(
    "content", [b"", b"PK\3\4 truncated", b"a letter", b"\x80\x02}q\x00.", b"\x80\x02X\x01", b"\xff" * 4000]
)
def test_damaged_checkpoints_are_one_sentence(tmp_path, suffix, content):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.\w+ is damaged"):
        load_restorer(path)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.99])
def test_a_checkpoint_cut_short_is_damaged(tmp_path, share):
    torch.save({"state_dict": {"network.weight": torch.rand(5000)}}, tmp_path / "whole.ckpt")
    whole = (tmp_path / "whole.ckpt").read_bytes()
    (tmp_path / "cut.ckpt").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"cut\.ckpt is damaged, or no checkpoint"):
        load_restorer(tmp_path / "cut.ckpt")


def test_safetensors_without_a_configuration_say_so(tmp_path):
    save_file({"network.weight": torch.rand(2)}, tmp_path / "bare.safetensors")
    with pytest.raises(ValueError, match="does not say which model it is for"):
        load_restorer(tmp_path / "bare.safetensors")


def test_a_missing_checkpoint_and_a_copy_without_a_model_name_the_remedy(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"no\.ckpt is no file.*Check the path"):
        find_checkpoint(tmp_path / "no.ckpt")
    monkeypatch.setattr("deblur_lightning.jobs.checkpoint_paths.SHIPPED", "weights/none.safetensors")
    with pytest.raises(FileNotFoundError, match=r"ships no model. Pass --checkpoint, or train one: lightning fit"):
        find_checkpoint()
