"""From a checkpoint's file to a deblurrer for photos."""

import json
from typing import get_args

import pytest
import torch
from safetensors.torch import save_file
from small_models import small_motion_deblurrer

from deblur_lightning.checkpoints import read_checkpoint, write_checkpoint
from deblur_lightning.deblurring import (
    HyperLaplacian,
    MotionDeblurrer,
    NoticedExposure,
    PhotoDeblurrer,
    RichardsonLucy,
    UnrolledRestorer,
    describe,
    find_checkpoint,
    load_deblurrer,
    load_named,
)
from deblur_lightning.deblurring.bundled import RestorerName, find_named_checkpoints
from deblur_lightning.deblurring.load import RESTORERS
from deblur_lightning.modules import AdaptiveBasisModule


def written(path, deblurrer=None, **changes):
    deblurrer = small_motion_deblurrer() if deblurrer is None else deblurrer
    write_checkpoint(path, deblurrer.state_dict(), describe(deblurrer) | changes)
    return path


@pytest.mark.parametrize("name", ["tiny.ckpt", "tiny.safetensors"])
def test_a_checkpoint_restores_as_what_was_saved(tmp_path, name):
    deblurrer, blurry = small_motion_deblurrer(), torch.rand(1, 3, 80, 96)
    model = load_deblurrer(written(tmp_path / name))
    assert isinstance(model, PhotoDeblurrer)
    answer = model(blurry)
    with torch.no_grad():
        expected = deblurrer(blurry)
    torch.testing.assert_close(answer.picture, expected.picture)
    torch.testing.assert_close(answer.field, expected.field)
    assert model.name == f"{tmp_path / name} (Adaptive)"


def test_a_checkpoint_of_lightning_s_restores_as_its_module_does(tmp_path):
    module = AdaptiveBasisModule(small_motion_deblurrer())
    content = {"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}
    torch.save({**content, "optimizer_states": []}, tmp_path / "fit.ckpt")
    blurry = torch.rand(1, 1, 70, 70)
    with torch.no_grad():
        expected = module.restore(blurry)
    torch.testing.assert_close(load_deblurrer(tmp_path / "fit.ckpt")(blurry).picture, expected)


def test_options_replace_the_checkpoint_s_and_none_does_not(tmp_path):
    model = load_deblurrer(written(tmp_path / "tiny.ckpt"), strength=0.5, tile=512, iterations=7, gamma=None)
    assert model.deblurrer.restorer.iterations == 7
    assert model.deblurrer.exposure.gamma == 2.2
    assert (model.strength, model.tile) == (0.5, 512)


def test_a_restorer_is_asked_for_by_name(tmp_path):
    path = written(tmp_path / "tiny.ckpt")
    assert isinstance(load_deblurrer(path, restorer="hyper-laplacian").deblurrer.restorer, HyperLaplacian)
    lucy = load_deblurrer(path, restorer="richardson-lucy", iterations=4).deblurrer.restorer
    assert (type(lucy), lucy.iterations) == (RichardsonLucy, 4)
    with pytest.raises(ValueError, match=r"restorer is magic, but there are richardson-lucy and hyper-laplacian"):
        load_deblurrer(path, restorer="magic")
    with pytest.raises(
        ValueError, match=r"HyperLaplacian, which has no iterations\. Leave out --iterations, or pass --restorer r"
    ):
        load_deblurrer(path, restorer="hyper-laplacian", iterations=4)


def test_the_command_line_offers_the_restorers_that_there_are():
    assert get_args(RestorerName) == tuple(RESTORERS)


def test_a_classical_restorer_takes_the_place_of_a_learned_one(tmp_path):
    learned = UnrolledRestorer((1,), width=4, middle_blocks=1, encoder_blocks=(1,), decoder_blocks=(1,))
    small = small_motion_deblurrer()
    path = written(tmp_path / "tiny.ckpt", MotionDeblurrer(small.network, learned))
    assert isinstance(load_deblurrer(path).deblurrer.restorer, UnrolledRestorer)
    blurry = torch.rand(1, 3, 70, 70)
    with torch.no_grad():
        expected = small(blurry).picture
    swapped = load_deblurrer(path, restorer="richardson-lucy", iterations=2)
    torch.testing.assert_close(swapped(blurry).picture, expected)


def test_whoever_says_a_gamma_means_it_for_pictures_that_fade_too(tmp_path):
    path = written(tmp_path / "tiny.ckpt", small_motion_deblurrer(exposure=NoticedExposure()))
    exposure = load_deblurrer(path, gamma=1.8).deblurrer.exposure
    assert (exposure.gamma, exposure.dark_gamma) == (1.8, 1.8)


@pytest.mark.parametrize(
    ("option", "remedy"),
    [
        ({"colour": "red"}, r"MotionDeblurrer with RichardsonLucy, which has no colour\. Leave out --colour"),
        ({"method": "best"}, r"tiny\.ckpt: the model cannot be built: .*basic.*best"),
        ({"gamma": 0.2}, r"tiny\.ckpt: .*gamma is 0\.2"),
    ],
)
def test_options_that_the_model_lacks_or_refuses_are_named(tmp_path, option, remedy):
    with pytest.raises(ValueError, match=remedy):
        load_deblurrer(written(tmp_path / "tiny.ckpt"), **option)


def test_weights_of_another_size_are_one_sentence(tmp_path):
    recipe = describe(small_motion_deblurrer())
    recipe["init_args"]["network"]["init_args"]["width"] = 16
    path = tmp_path / "tiny.ckpt"
    write_checkpoint(path, small_motion_deblurrer().state_dict(), recipe)
    with pytest.raises(ValueError, match=r"tiny\.ckpt holds weights of another architecture .*Train it anew"):
        load_deblurrer(path)


def test_another_project_s_weights_are_one_sentence(tmp_path):
    torch.save({"state_dict": {"backbone.weight": torch.rand(3)}}, tmp_path / "other.ckpt")
    with pytest.raises(ValueError, match=r"other\.ckpt holds the weights of another model, or of an earlier version"):
        load_deblurrer(tmp_path / "other.ckpt")


def retired(path, **parts):
    """A checkpoint of a version whose MotionDeblurrer had a refinement and a guard."""
    recipe = describe(small_motion_deblurrer())
    recipe["init_args"] |= {"refinement": None, "guard": None} | parts
    write_checkpoint(path, small_motion_deblurrer().state_dict(), recipe)
    return path


@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
def test_parts_that_are_no_more_are_passed_over_where_a_checkpoint_says_there_were_none(tmp_path, suffix):
    path, blurry = retired(tmp_path / f"old{suffix}"), torch.rand(1, 3, 70, 70)
    model = load_deblurrer(path)
    assert set(describe(model.deblurrer)["init_args"]) == {"network", "restorer", "exposure"}
    torch.testing.assert_close(model(blurry).picture, load_deblurrer(written(tmp_path / "new.ckpt"))(blurry).picture)
    assert "refinement" not in read_checkpoint(path).recipe["init_args"]


@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
@pytest.mark.parametrize("part", ["refinement", "guard"])
def test_a_model_that_had_one_is_refused_in_a_sentence(tmp_path, suffix, part):
    path = retired(tmp_path / f"old{suffix}", **{part: {"class_path": "deblur_lightning.deblurring.StillnessGuard"}})
    with pytest.raises(
        ValueError,
        match=rf"old{suffix} is of a model with a {part}, but this version has none\. Restore with commit \w+",
    ):
        load_deblurrer(path)


class Hostile:
    """What a malicious checkpoint holds: unpickling it calls a function."""

    def __reduce__(self):
        return exec, ("raise SystemExit('the code in the checkpoint ran')",)


def test_code_in_a_checkpoint_is_never_run(tmp_path):
    torch.save({"state_dict": {"network.weight": Hostile()}}, tmp_path / "evil.ckpt")
    with pytest.raises(ValueError, match=r"evil\.ckpt holds more than weights, and code in it is never run"):
        load_deblurrer(tmp_path / "evil.ckpt")


def test_a_checkpoint_that_names_a_command_runs_none(tmp_path):
    recipe = {"class_path": "subprocess.Popen", "init_args": {"args": ["touch", str(tmp_path / "ran")]}}
    save_file({"network.weight": torch.rand(2)}, tmp_path / "evil.safetensors", {"deblurrer": json.dumps(recipe)})
    with pytest.raises(ValueError, match=r"evil\.safetensors: the model cannot be built"):
        load_deblurrer(tmp_path / "evil.safetensors")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
@pytest.mark.parametrize(
    "content", [b"", b"PK\3\4 truncated", b"a letter", b"\x80\x02}q\x00.", b"\x80\x02X\x01", b"\xff" * 4000]
)
def test_damaged_checkpoints_are_one_sentence(tmp_path, suffix, content):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.\w+ is damaged"):
        load_deblurrer(path)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.99])
def test_a_checkpoint_cut_short_is_damaged(tmp_path, share):
    torch.save({"state_dict": {"network.weight": torch.rand(5000)}}, tmp_path / "whole.ckpt")
    whole = (tmp_path / "whole.ckpt").read_bytes()
    (tmp_path / "cut.ckpt").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"cut\.ckpt is damaged, or no checkpoint"):
        load_deblurrer(tmp_path / "cut.ckpt")


@pytest.mark.parametrize("metadata", [None, {"deblurrer": "[" * 100_000}])
def test_safetensors_without_a_recipe_say_so(metadata, tmp_path):
    save_file({"network.weight": torch.rand(2)}, tmp_path / "bare.safetensors", metadata)
    with pytest.raises(ValueError, match="does not say which model it is for"):
        load_deblurrer(tmp_path / "bare.safetensors")


def test_a_missing_checkpoint_and_a_copy_without_a_model_name_the_remedy(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"no\.ckpt is no file.*Check the path"):
        find_checkpoint(tmp_path / "no.ckpt")
    monkeypatch.setattr("deblur_lightning.deblurring.bundled.SHIPPED", "weights/none.safetensors")
    with pytest.raises(FileNotFoundError, match=r"ships no model. Pass --checkpoint, or train one: lightning fit"):
        find_checkpoint()


def test_models_to_compare_each_have_a_name_of_their_own(tmp_path):
    first, second = (written(tmp_path / name) for name in ("one.ckpt", "two.ckpt"))
    assert list(load_named([("", first)])) == ["Adaptive"]
    assert list(load_named([("mine", first), ("", second)])) == ["mine", "Adaptive"]
    assert list(load_named([("", first), ("", second)])) == ["Adaptive, one", "Adaptive, two"]
    assert list(load_named([("", first), ("", first)])) == ["Adaptive, one", f"Adaptive, {first}"]


def test_a_model_given_more_often_than_it_has_names_is_refused(tmp_path):
    first = written(tmp_path / "one.ckpt")
    with pytest.raises(ValueError, match=r"one\.ckpt is given several times. Name each"):
        load_named([("", first)] * 3)


@pytest.mark.parametrize("text", ["=small.ckpt", "mine="])
def test_half_of_a_named_checkpoint_is_refused(text):
    with pytest.raises(ValueError, match=f"--checkpoint is {text}, but it is NAME=FILE or FILE"):
        find_named_checkpoints([text])


@pytest.mark.parametrize(("value", "said"), [(float("nan"), "NaN"), (float("inf"), "infinity")])
def test_weights_that_are_no_numbers_restore_nothing(tmp_path, value, said):
    deblurrer = small_motion_deblurrer()
    with torch.no_grad():
        deblurrer.network.bottleneck[0].bias[2] = value
    path = written(tmp_path / "broken.ckpt", deblurrer)
    told = rf"broken\.ckpt holds {said} in network\.bottleneck\.0\.bias, so it restores nothing\. Pass an earlier"
    with pytest.raises(ValueError, match=told):
        load_deblurrer(path)


def test_large_weights_whose_sum_overflows_are_numbers(tmp_path):
    deblurrer = small_motion_deblurrer()
    with torch.no_grad():
        deblurrer.network.bottleneck[0].bias[:2] = 3e38
    assert load_deblurrer(written(tmp_path / "large.ckpt", deblurrer)).method == "Adaptive"
