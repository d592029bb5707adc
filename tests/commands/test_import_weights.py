import json
import re
from pathlib import Path

import pytest
import torch
from plain_nafnet import nafnet_weights, plain_nafnet
from resnet_generator import generator_weights, resnet_generator
from safetensors import safe_open
from small_models import small_motion_deblurrer
from two_heads import two_heads_weights

from deblur_lightning.commands import main
from deblur_lightning.commands.import_weights import import_weights
from deblur_lightning.deblurring import load_deblurrer
from deblur_lightning.modules import AdaptiveBasisModule
from deblur_lightning.photos import PhotoRecord, read_photo, write_photo

ARGUMENTS = {"num_basis": 3, "kernel_size": 9, "width": 8}


@pytest.fixture
def authors(tmp_path):
    torch.save(two_heads_weights(**ARGUMENTS), tmp_path / "TwoHeads.pkl")
    return tmp_path / "TwoHeads.pkl"


@pytest.fixture
def trained(tmp_path):
    module = AdaptiveBasisModule(small_motion_deblurrer(seed=2, iterations=3))
    content = {
        "state_dict": module.state_dict() | {"critic.weight": torch.zeros(9)},
        "hyper_parameters": dict(module.hparams),
        "optimizer_states": [{"state": {0: torch.zeros(1000)}}],
    }
    torch.save(content, tmp_path / "trained.ckpt")
    return tmp_path / "trained.ckpt"


def deblur(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return stopped.value.code


@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
def test_imported_weights_restore_a_photo_as_the_network_itself_does(authors, tmp_path, suffix, capsys):
    imported = tmp_path / f"imported{suffix}"
    assert deblur("import-weights", authors, "-o", imported) == 0
    assert "MotionDeblurrer, 1.23 million parameters, " in capsys.readouterr().out
    torch.manual_seed(1)
    write_photo(tmp_path / "photo.png", torch.rand(1, 3, 70, 80), PhotoRecord(bits=16))
    assert deblur("restore", tmp_path / "photo.png", "-o", tmp_path / "out", "--checkpoint", imported) == 0
    restored, _ = read_photo(tmp_path / "out" / "photo.png")

    loaded = load_deblurrer(imported).deblurrer
    blurry, _ = read_photo(tmp_path / "photo.png")
    assert torch.equal(loaded.network.stem_rgb[0].weight, two_heads_weights(**ARGUMENTS)["inc_rgb.0.weight"])
    torch.testing.assert_close(restored, loaded(blurry).picture, rtol=0, atol=2e-5)


@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
@pytest.mark.parametrize("topology", ["two, dropout", "two", "one"])
def test_imported_deblurgan_restores_a_photo_as_the_original(tmp_path, suffix, topology, capsys):
    weights = generator_weights(topology, width=8)
    torch.save(weights, tmp_path / "latest_net_G.pth")
    imported = tmp_path / f"imported{suffix}"
    assert deblur("import-weights", tmp_path / "latest_net_G.pth", "-o", imported) == 0
    assert "DirectDeblurrer, 0." in capsys.readouterr().out
    write_photo(tmp_path / "photo.png", torch.rand(1, 3, 72, 80), PhotoRecord(bits=16))
    assert deblur("restore", tmp_path / "photo.png", "-o", tmp_path / "out", "--checkpoint", imported) == 0
    blurry, _ = read_photo(tmp_path / "photo.png")
    restored, _ = read_photo(tmp_path / "out" / "photo.png")
    expected = (resnet_generator(weights, 2 * blurry - 1) + 1) / 2
    torch.testing.assert_close(restored, expected, rtol=0, atol=2e-5)  # a step of 16 bits is 1.5e-5


@pytest.mark.parametrize("wrapped", [True, False])
def test_imported_nafnet_restores_a_photo_as_the_original(tmp_path, wrapped):
    weights = nafnet_weights(width=4, middle=1, encoder=(1, 2), decoder=(1, 1))
    torch.save({"params": weights} if wrapped else weights, tmp_path / "NAFNet-GoPro-width32.pth")
    imported = tmp_path / "imported.safetensors"
    assert deblur("import-weights", tmp_path / "NAFNet-GoPro-width32.pth", "-o", imported) == 0
    blurry = torch.rand(1, 3, 72, 80)
    expected = plain_nafnet(weights, blurry).clamp(0, 1)
    torch.testing.assert_close(load_deblurrer(imported)(blurry).picture, expected, rtol=0, atol=1e-4)
    assert deblur("import-weights", imported, "-o", tmp_path / "again.ckpt") == 0


def test_safetensors_say_what_they_are_for(authors, tmp_path):
    import_weights(authors, tmp_path / "imported.safetensors")
    with safe_open(tmp_path / "imported.safetensors", framework="pt") as file:
        recipe = json.loads(file.metadata()["deblurrer"])
        assert recipe["class_path"] == "deblur_lightning.deblurring.MotionDeblurrer"
        assert recipe["init_args"]["network"]["init_args"] == ARGUMENTS
        assert all(name.startswith("network.") for name in file.keys())  # noqa: SIM118 - it is no mapping
    assert (tmp_path / "imported.safetensors").stat().st_mode == authors.stat().st_mode  # others may read it


@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
def test_our_own_checkpoint_keeps_only_what_restores(trained, tmp_path, suffix):
    small = tmp_path / f"small{suffix}"
    import_weights(trained, small, half=True)
    assert small.stat().st_size < 0.55 * trained.stat().st_size
    whole, half = load_deblurrer(trained), load_deblurrer(small)
    assert half.deblurrer.restorer.iterations == 3
    assert {parameter.dtype for parameter in half.parameters()} == {torch.float32}
    blurry = torch.rand(1, 3, 70, 72)
    torch.testing.assert_close(half(blurry).picture, whole(blurry).picture, rtol=0, atol=5e-3)
    again = tmp_path / "again.ckpt"
    import_weights(small, again)
    assert torch.equal(load_deblurrer(again)(blurry).picture, half(blurry).picture)


@pytest.mark.parametrize(("value", "said"), [(float("nan"), "NaN"), (float("-inf"), "infinity")])
def test_weights_that_are_no_numbers_are_not_packed(value, said, trained, tmp_path):
    content = torch.load(trained, weights_only=True)
    content["state_dict"]["deblurrer.network.bottleneck.0.bias"][3] = value
    torch.save(content, trained)
    told = rf"trained\.ckpt holds {said} in network\.bottleneck\.0\.bias, so it restores nothing\. Pass an earlier "
    for half in (False, True):
        with pytest.raises(ValueError, match=told):
            import_weights(trained, tmp_path / "small.safetensors", half=half)
    assert not (tmp_path / "small.safetensors").exists()


def test_values_beyond_sixteen_bits_are_refused(tmp_path):
    weights = two_heads_weights(**ARGUMENTS)
    weights["feat.0.bias"][3] = 1e5
    torch.save(weights, tmp_path / "TwoHeads.pkl")
    with pytest.raises(ValueError, match=r"network\.bottleneck\.0\.bias with values beyond 16 bits\. Leave out --half"):
        import_weights(tmp_path / "TwoHeads.pkl", tmp_path / "half.safetensors", half=True)
    assert not (tmp_path / "half.safetensors").exists()


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["TwoHeads.pkl", "-o", "a.pth"], r"a\.pth names no format of checkpoints\. End the name in \.ckpt or \.saf"),
        (["none.pkl", "-o", "a.ckpt"], r"none\.pkl is no file"),
        (["none.safetensors", "-o", "a.ckpt"], r"none\.safetensors is no file"),
    ],
)
def test_wrong_arguments_are_one_sentence(authors, trained, tmp_path, monkeypatch, arguments, remedy):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert re.search(remedy, deblur("import-weights", *arguments))
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("named", ["direct", "learned"])
def test_a_bundled_model_is_known_by_its_name(tmp_path, named):
    assert deblur("import-weights", named, "-o", tmp_path / "mine.safetensors") == 0
    mine, bundled = load_deblurrer(tmp_path / "mine.safetensors").deblurrer, load_deblurrer(named).deblurrer
    torch.testing.assert_close(mine.state_dict(), bundled.state_dict(), rtol=0, atol=0)


def test_what_is_there_is_kept_unless_asked_and_its_own_source_always(trained, tmp_path):
    before = trained.read_bytes()
    assert re.search(
        r"trained\.ckpt would be replaced by its weights alone\. Choose another name",
        deblur("import-weights", trained, "-o", trained, "--overwrite"),
    )
    assert trained.read_bytes() == before
    (tmp_path / "there.ckpt").write_text("precious")
    assert "Pass --overwrite to replace it" in deblur("import-weights", trained, "-o", tmp_path / "there.ckpt")
    assert (tmp_path / "there.ckpt").read_text() == "precious"
    assert deblur("import-weights", trained, "-o", tmp_path / "there.ckpt", "--overwrite") == 0
    assert load_deblurrer(tmp_path / "there.ckpt").deblurrer.restorer.iterations == 3


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("TwoHeads.pkl", two_heads_weights(**ARGUMENTS)),
        ("latest_net_G.pth", generator_weights("two", width=8)),
        ("NAFNet-GoPro-width32.pth", nafnet_weights(width=4, middle=1, encoder=(1, 2), decoder=(1, 1))),
    ],
)
def test_the_authors_file_given_as_a_checkpoint_names_the_command(tmp_path, name, weights, wrapped):
    torch.save({"params": weights} if wrapped else weights, tmp_path / name)
    with pytest.raises(ValueError, match=rf"weights without their module, .* deblur import-weights \S+{name} -o"):
        load_deblurrer(tmp_path / name)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that even root cannot write to")
def test_a_folder_that_cannot_be_written_is_one_sentence(authors):
    with pytest.raises(SystemExit, match=r"deblur: /proc/x\.ckpt: .* Check the path, its permissions"):
        main(["import-weights", str(authors), "-o", "/proc/x.ckpt"])
