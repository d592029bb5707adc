"""The scripts that make windows for the refiner, train it and pack it into the default model."""

from argparse import Namespace

import numpy as np
import pytest
import torch
from PIL import Image
from scripts import load_script
from torch import nn

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.deblurring import BlindEstimator, load_deblurrer
from deblur_lightning.field import KernelField
from deblur_lightning.networks import KernelRefiner

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:.*logging interval.*"),
]


def test_windows_hold_what_is_found_and_what_is_true_and_a_second_run_goes_on(tmp_path, monkeypatch):
    script = load_script("refiner/windows.py")
    monkeypatch.setattr(script, "SIDES", (72,))
    (tmp_path / "photos").mkdir()
    for number in range(3):
        Image.fromarray(dead_leaves(160, np.random.default_rng(number))).save(tmp_path / f"photos/{number}.png")
    told = Namespace(out=tmp_path / "out", photos=tmp_path / "photos", model="blind", count=1, seed=5, second=None)
    script.main(told)
    (file,) = (tmp_path / "out").iterdir()
    with np.load(file) as window:
        planes, true = window["planes"].astype(np.float32), window["true"].astype(np.float32)
        assert (planes.shape, true.shape, window["noise"].shape) == ((9, 33, 33), (33, 33), ())
        assert window["light"].shape == (72, 72)
    np.testing.assert_allclose([*planes[:3].sum((1, 2)), true.sum()], 1, atol=0.01)
    assert planes[3, 16, 16] == planes[4, 16, 16] == 1
    made = file.stat().st_mtime_ns
    script.main(Namespace(**(vars(told) | {"count": 2})))
    assert file.stat().st_mtime_ns == made
    assert len(list((tmp_path / "out").iterdir())) == 2


class Telling(nn.Module):
    """A refiner that tells one kernel, whatever it is shown."""

    def __init__(self, kernel):
        super().__init__()
        self.kernel = nn.Parameter(kernel)

    def forward(self, hints, noise):
        return self.kernel[None]


def test_a_second_look_is_at_what_came_of_the_first_answer(tmp_path, monkeypatch):
    script = load_script("refiner/windows.py")
    true, found, told = kernels(3, 5)
    light = torch.rand(60, 60, generator=torch.Generator().manual_seed(1))
    window = {"light": light, "planes": torch.cat((torch.stack((found, found, told)), torch.rand(6, 33, 33)))}
    np.savez(tmp_path / "7-00000.npz", **window, noise=np.float32(0.05), true=true)
    monkeypatch.setattr(script, "refiner_of", lambda model: Telling(true))
    again = Namespace(out=tmp_path, photos=None, second=tmp_path / "model.safetensors")
    script.main(again)
    with np.load(tmp_path / "7-00000.second.npz") as second:
        looked, kernel = second["planes"], torch.from_numpy(second["true"])
    assert abs(kernel - true).max() < 1e-3
    assert abs(looked[1:3] - torch.stack((found, told)).numpy()).max() < 1e-3
    first = torch.from_numpy(looked[0]).float()  # held to the answer: there is no motion in noise
    assert likeness(first, true) > likeness(first, found)
    made = (tmp_path / "7-00000.second.npz").stat().st_mtime_ns
    script.main(again)
    assert (tmp_path / "7-00000.second.npz").stat().st_mtime_ns == made
    assert len(list(tmp_path.iterdir())) == 2


def likeness(one, other):
    return torch.cosine_similarity(one.flatten(), other.flatten(), dim=0)


def test_windows_are_of_photographs_or_looked_at_again_by_a_refiner(tmp_path):
    script = load_script("refiner/windows.py")
    with pytest.raises(ValueError, match=r"there are no photographs to move, and no model .* Pass --photos FOLDER"):
        script.main(Namespace(out=tmp_path, photos=None, second=None))
    with pytest.raises(ValueError, match=r"direct has no refiner\. Pass what refine\.py wrote"):
        script.refiner_of("direct")


def test_both_looks_at_a_window_train_or_validate(tmp_path):
    script = load_script("refiner/refine.py")
    for number in range(24):
        for look, name in enumerate((f"3-{number:05d}.npz", f"3-{number:05d}.second.npz")):
            planes = torch.full((9, 33, 33), number + look / 2)
            np.savez(tmp_path / name, planes=planes, noise=np.float16(0.006), true=kernels(1, number)[0])
    train, val = script.read_windows(tmp_path)
    assert sorted(planes[0, 0, 0].item() for planes, _, _ in val) == [10, 10.5, 21, 21.5]
    assert len(train) == 44


def test_windows_of_all_sizes_and_sensors_with_and_without_colours_validate():
    windows, held = load_script("refiner/windows.py"), load_script("refiner/refine.py").HELD
    kinds = len(windows.SENSORS) * len(windows.SIDES) * windows.GRAY
    assert {number % kinds for number in range(held - 1, held * kinds, held)} == set(range(kinds))


def test_the_kernel_to_find_is_the_largest_object_s_or_the_mean_of_a_turning_camera():
    script = load_script("refiner/windows.py")
    basis = torch.rand(1, 2, 5, 5, generator=torch.Generator().manual_seed(0))
    apart, mixed = torch.zeros(1, 2, 10, 10), torch.zeros(1, 2, 10, 10)
    apart[:, 0, :3] = apart[:, 1, 3:] = 1
    mixed[:, 0], mixed[:, 1] = 0.25, 0.75
    assert torch.equal(script.kernel_of(KernelField(basis, apart)), basis[0, 1])
    torch.testing.assert_close(script.kernel_of(KernelField(basis, mixed)), 0.25 * basis[0, 0] + 0.75 * basis[0, 1])


def kernels(count, seed):
    drawn = torch.zeros(count, 33, 33)
    drawn[:, 8:25, 8:25] = torch.rand(count, 17, 17, generator=torch.Generator().manual_seed(seed)) ** 6
    return drawn / drawn.sum((1, 2), keepdim=True)


def test_kernels_are_compared_at_the_best_shift_of_up_to_three_pixels():
    script = load_script("refiner/refine.py")
    ours, true = kernels(3, 0), kernels(3, 1)
    squared, coarse = script.misfits(ours, true)
    shifts = [(down, right) for down in range(-3, 4) for right in range(-3, 4)]
    apart = torch.stack([(ours.roll(shift, (1, 2)) - true).square().sum((1, 2)) for shift in shifts]).amin(0)
    torch.testing.assert_close(squared, apart / true.square().sum((1, 2)), rtol=1e-4, atol=1e-5)
    same = script.misfits(true.roll((2, -3), (1, 2)), true)
    assert max(part.abs().max() for part in same) < 1e-5
    sharp = torch.zeros(1, 33, 33)
    sharp[:, 16, 16] = 1
    soft = torch.nn.functional.avg_pool2d(true[:1], 3, 1, 1)
    far, near = (script.misfits(one, true[:1])[1] for one in (sharp, soft / soft.sum()))
    assert near < 0.1 * far
    assert far < 1.0001  # of no blur, at no shift
    assert coarse.min() > 0


def test_a_window_turned_is_that_of_a_picture_turned():
    script = load_script("refiner/refine.py")
    planes, true = torch.arange(9.0).view(1, 9, 1, 1) + torch.rand(1, 9, 5, 5), torch.rand(1, 5, 5)
    seen = {tuple(script.turned(planes, true, way)[1].flatten().tolist()) for way in range(8)}
    assert len(seen) == 8
    turned, kernel = script.turned(planes, true, 4)
    assert torch.equal(kernel, true.mT)
    for plane, before in enumerate((0, 1, 2, 4, 3, 6, 5, 8, 7)):  # to the right is down now
        assert torch.equal(turned[:, plane], planes[:, before].mT)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_training_is_packed_into_the_model(tmp_path, monkeypatch):
    script = load_script("refiner/refine.py")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "windows").mkdir()
    with pytest.raises(ValueError, match=r"windows holds no window. Make them by windows.py"):
        script.read_windows(tmp_path / "windows")
    for number in range(60):
        true = kernels(1, number)[0]
        planes = torch.cat((true.expand(3, -1, -1), torch.rand(6, 33, 33)))
        np.savez(tmp_path / f"windows/{number:02d}.npz", planes=planes, noise=np.float16(0.006), true=true)
    told = Namespace(windows=tmp_path / "windows", out=tmp_path / "made.safetensors", model="blind", steps=2, rate=1e-3,
                     seed=1, precision="32-true")  # fmt: skip
    script.main(told)
    network = load_deblurrer(tmp_path / "made.safetensors").deblurrer.network
    assert isinstance(network, BlindEstimator)
    assert isinstance(network.refiner, KernelRefiner)
    assert all(weights.isfinite().all() for weights in network.refiner.parameters())
    before, after = (load_deblurrer(name).deblurrer.restorer for name in ("blind", tmp_path / "made.safetensors"))
    assert all(torch.equal(after.get_parameter(name), weights) for name, weights in before.named_parameters())
