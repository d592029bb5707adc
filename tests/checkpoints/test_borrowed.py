"""Weights that lie in a file beside: read from there, refused where it is not there or another version."""

import shutil

import pytest
import torch
from small_models import small_direct_deblurrer, small_seeing_deblurrer, write_small_checkpoint

from deblur_lightning.checkpoints import read_checkpoint, write_checkpoint
from deblur_lightning.checkpoints.borrowed import lent
from deblur_lightning.commands.import_weights import import_weights
from deblur_lightning.deblurring import DirectDeblurrer, load_deblurrer


@pytest.fixture
def whole():
    return small_seeing_deblurrer()


@pytest.fixture
def files(whole, tmp_path):
    """The direct network's checkpoint, and the larger model's, whole and without what is in that."""
    direct = DirectDeblurrer(whole.restorer.seeing, signed=False)
    write_small_checkpoint(tmp_path / "direct.safetensors", direct)
    write_small_checkpoint(tmp_path / "whole.safetensors", whole)
    source, output, borrow = (tmp_path / f"{name}.safetensors" for name in ("whole", "less", "direct"))
    import_weights(source, output, borrow=borrow)
    return tmp_path


def test_a_checkpoint_without_its_direct_network_restores_as_the_whole(files):
    less, whole = (files / f"{name}.safetensors" for name in ("less", "whole"))
    assert less.stat().st_size < whole.stat().st_size / 2
    borrowing = read_checkpoint(less)
    assert borrowing.recipe == read_checkpoint(whole).recipe
    torch.testing.assert_close(borrowing.weights, read_checkpoint(whole).weights, rtol=0, atol=0)
    blurry = torch.rand(1, 3, 72, 80)
    torch.testing.assert_close(load_deblurrer(less)(blurry).picture, load_deblurrer(whole)(blurry).picture)


def test_it_can_be_made_whole_again(files):
    import_weights(files / "less.safetensors", files / "again.safetensors")
    (files / "direct.safetensors").unlink()
    again = read_checkpoint(files / "again.safetensors").weights
    torch.testing.assert_close(again, read_checkpoint(files / "whole.safetensors").weights, rtol=0, atol=0)


def test_the_file_beside_is_missed_by_name(files):
    shutil.move(files / "less.safetensors", files / "elsewhere.safetensors")
    (files / "direct.safetensors").rename(files / "moved.safetensors")
    said = r"elsewhere\.safetensors takes weights from direct\.safetensors, which is not beside it\. Copy it there"
    with pytest.raises(ValueError, match=said):
        load_deblurrer(files / "elsewhere.safetensors")


def test_another_version_of_it_is_refused(files):
    write_small_checkpoint(files / "direct.safetensors", small_direct_deblurrer())
    with pytest.raises(ValueError, match=r"the one beside it is another version\. Copy both from the same place"):
        load_deblurrer(files / "less.safetensors")


def test_weights_that_differ_are_not_lent(whole, files):
    path = files / "direct.safetensors"
    theirs, ours = read_checkpoint(path).weights, whole.state_dict()
    rest, borrowed = lent(ours, path, theirs)
    assert set(rest) | set(borrowed.named(theirs)) == set(ours)
    assert not set(rest) & set(borrowed.named(theirs))
    changed = {name: weight + 1 for name, weight in theirs.items()}
    for other in (changed, small_direct_deblurrer().state_dict()):
        with pytest.raises(
            ValueError, match=r"network is not that of .*direct\.safetensors\. Pass the one that it was"
        ):
            lent(ours, path, other)


def test_what_cannot_be_borrowed_from_is_refused(files):
    whole = files / "whole.safetensors"
    with pytest.raises(ValueError, match=r"whole\.safetensors is no direct network's checkpoint"):
        import_weights(whole, files / "other.safetensors", borrow=whole)
    with pytest.raises(ValueError, match=r"is to be written and to be borrowed from\. Choose another name"):
        import_weights(whole, files / "direct.safetensors", borrow=files / "direct.safetensors")
    assert not (files / "other.safetensors").exists()


def test_a_lightning_checkpoint_is_borrowed_from_as_well(whole, files):
    direct = write_small_checkpoint(files / "direct.ckpt", DirectDeblurrer(whole.restorer.seeing, signed=False))
    import_weights(files / "whole.safetensors", files / "less.safetensors", borrow=direct, overwrite=True)
    torch.testing.assert_close(read_checkpoint(files / "less.safetensors").weights, dict(whole.state_dict()))


def test_only_safetensors_say_what_they_borrow(whole, files):
    _, borrowed = lent(
        whole.state_dict(), files / "direct.safetensors", read_checkpoint(files / "direct.safetensors")[0]
    )
    with pytest.raises(ValueError, match=r"less\.ckpt cannot say .* End the name in \.safetensors"):
        write_checkpoint(files / "less.ckpt", {}, {}, borrowed)
    assert not (files / "less.ckpt").exists()
