"""Files that are no weights are called what they are; "damaged" is said of damaged files alone."""

import io
import tarfile
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from two_heads import two_heads_weights

from deblur_lightning.checkpoints import load_published, read_checkpoint, write_checkpoint

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 104857600\n"


def packed(write):
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def zipped(**entries):
    def write(file):
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in entries.items():
                archive.writestr(name, content)

    return packed(write)


def tarred(file, mode):
    with tarfile.open(fileobj=file, mode=mode) as archive:
        archive.addfile(tarfile.TarInfo("weights.pth"))


KINDS = {
    "pointer": (POINTER, r"is a pointer of Git LFS, not the file .* Run `git lfs pull`"),
    "page": (b"\n<!DOCTYPE html><html><title>Google Drive</title></html>", r"is a saved web page, .* download that"),
    "page in capitals": (b"<HTML><HEAD></HEAD></HTML>", "is a saved web page"),
    "zip": (zipped(**{"weights/net.pth": b"x"}), r"is a ZIP archive, .* Unpack it"),
    "tar": (packed(lambda file: tarred(file, "w")), r"is a tar archive, .* Unpack it"),
    "tar.gz": (packed(lambda file: tarred(file, "w:gz")), r"is a gzip archive, .* Unpack it"),
    "npz": (packed(lambda file: np.savez(file, a=np.zeros(3))), "is NumPy arrays, not weights of PyTorch"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "is HDF5, as Keras saves it, not weights of PyTorch"),
    "picture": (packed(lambda file: Image.new("L", (9, 9)).save(file, "PNG")), "is a picture, not weights"),
    "program": (zipped(**{"net/constants.pkl": b"x", "net/data.pkl": b"x"}), "is a TorchScript program, and code in"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".pth", ".ckpt", ".safetensors"])
def test_a_file_of_another_kind_is_called_what_it_is(tmp_path, kind, suffix):
    content, said = KINDS[kind]
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    for read in (read_checkpoint, load_published):
        with pytest.raises(ValueError, match=rf"weights{suffix} {said}") as refused:
            read(path)
        assert "damaged" not in str(refused.value)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("key", ["params", "params_ema", "model", "net"])
def test_weights_of_another_network_are_called_that(tmp_path, key):
    path = tmp_path / "NAFNet.pth"
    torch.save({key: {"intro.weight": torch.zeros(3), "ending.bias": torch.zeros(3)}, "epoch": 3}, path)
    with pytest.raises(ValueError, match=r"NAFNet\.pth holds .* another network \(ending\.bias, …\) than ours"):
        read_checkpoint(path)
    with pytest.raises(ValueError, match=r"NAFNet\.pth holds .* another network \(intro\.weight, …\) than ad"):
        load_published(path)


def test_the_authors_weights_under_a_key_are_read_all_the_same(tmp_path):
    weights = two_heads_weights(3, 9, 8)
    torch.save({"params": weights, "iteration": 5}, tmp_path / "wrapped.pth")
    torch.save(weights, tmp_path / "bare.pth")
    wrapped, bare = (load_published(tmp_path / name).state_dict() for name in ("wrapped.pth", "bare.pth"))
    assert all(torch.equal(wrapped[name], bare[name]) for name in bare)
    with pytest.raises(ValueError, match=r"wrapped\.pth holds weights without their module, .* Import it first"):
        read_checkpoint(tmp_path / "wrapped.pth")


def test_safetensors_are_told_by_their_content(tmp_path):
    recipe = {"class_path": "deblur_lightning.deblurring.DirectDeblurrer", "init_args": {}}
    write_checkpoint(tmp_path / "model.safetensors", {"network.weight": torch.ones(2)}, recipe)
    (tmp_path / "model.ckpt").write_bytes((tmp_path / "model.safetensors").read_bytes())
    for name in ("model.safetensors", "model.ckpt"):
        assert read_checkpoint(tmp_path / name).recipe == recipe
    torch.save({"state_dict": {"network.weight": torch.ones(2)}}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"other\.safetensors is damaged, or no safetensors file"):
        read_checkpoint(tmp_path / "other.safetensors")
