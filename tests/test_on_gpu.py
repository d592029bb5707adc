"""On a GPU everything gives what it gives on the CPU, up to rounding, and every training runs."""

import copy
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pytorch_lightning import Trainer
from small_models import small_direct_deblurrer, small_learned_deblurrer, small_motion_deblurrer, small_seeing_deblurrer
from torch.utils.data import DataLoader

from deblur_lightning.commands.restore import restore_photos
from deblur_lightning.data.scenes.wheel_photos import wheel_photo
from deblur_lightning.deblurring import (
    BlindEstimator,
    DirectDeblurrer,
    MotionDeblurrer,
    PhotoDeblurrer,
    load_deblurrer,
)
from deblur_lightning.deblurring.bundled import BUNDLED
from deblur_lightning.deblurring.exporting import farthest, write_onnx
from deblur_lightning.deblurring.load import RESTORERS
from deblur_lightning.deblurring.long_motion import LongMotion
from deblur_lightning.deblurring.tiles import SMALLEST_TILE
from deblur_lightning.estimation import Found, dense_field
from deblur_lightning.exposure import EVERY_SIDE
from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.losses import PixelContent, kernel_loss, reblur_loss, sampled_cross_entropy
from deblur_lightning.metrics import KohlerScore, RestorationMetrics, picture_psnr
from deblur_lightning.modules import (
    AdaptiveBasisModule,
    DeblurGANModule,
    FieldLosses,
    Game,
    RegressionModule,
    RestorerModule,
    SeeingModule,
)
from deblur_lightning.networks import DeblurGANGenerator, FoldedNAFNet, PatchCritic, SeeingNAFNet
from deblur_lightning.photos import PhotoRecord, read_photo, write_photo
from deblur_lightning.physics import BlurOperator, blur, shake_field, shake_kernels, to_display, to_linear
from deblur_lightning.restoration import deconvolve, richardson_lucy

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
    # Lightning advises on numbers of workers, which a run of seconds does not need.
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
]
CUDA = torch.device("cuda")
ROUNDING = 1e-5  # relative error of float32, in which sums are taken in another order
ALIKE = 45.0  # dB between two restorations that nobody tells apart: convolutions of networks are in TF32 on a GPU

ENGINES = {"direct": (5, 4), "tiled": (17, 5), "single": (17, 1)}


def relative(ours, expected):
    assert ours.is_cuda
    assert not expected.is_cuda
    return ((ours.cpu() - expected).norm() / expected.norm()).item()


def picture(height, width, name="coffee"):
    """A photograph's middle."""
    pixels = torch.from_numpy(wheel_photo(name).copy()).permute(2, 0, 1)[None].float() / 255
    top, left = ((length - side) // 2 for length, side in zip(pixels.shape[-2:], (height, width), strict=True))
    return pixels[..., top : top + height, left : left + width]


def shaken(height, width, kernel_size=17, turning=False):
    """It, blurred as a camera does, with its field."""
    generator = torch.Generator().manual_seed(3)
    field = shake_field((height, width), kernel_size, generator=generator)
    if not turning:
        ones = torch.ones(1, 1, height, width)
        field = KernelField(field.mean_kernel()[:, None], ones)
    margin = kernel_size - 1
    light = blur(to_linear(picture(height + margin, width + margin)), field, "valid")
    noisy = light + 0.003 * torch.randn(light.shape, generator=generator)
    return to_display(noisy.clamp(0, 1)).clamp(0, 1), field


def mixed(kernel_size, count, height, width, dtype=torch.float32):
    generator = torch.Generator().manual_seed(2)
    basis = torch.rand(2, count, kernel_size, kernel_size, generator=generator, dtype=dtype)
    coefficients = torch.rand(2, count, height, width, generator=generator, dtype=dtype)
    return KernelField(basis / basis.sum((2, 3), keepdim=True), coefficients / coefficients.sum(1, keepdim=True))


@pytest.mark.parametrize("padding", ["reflect", "zeros", "valid"])
@pytest.mark.parametrize("engine", ENGINES)
def test_blur_its_adjoint_and_its_gradients_are_the_cpu_s(engine, padding):
    size, count = ENGINES[engine]
    field, margin = mixed(size, count, 61, 70), size - 1 if padding == "valid" else 0
    image, wanted = torch.rand(2, 3, 61 + margin, 70 + margin), torch.rand(2, 3, 61, 70)
    found = {}
    for device in ("cpu", CUDA):
        leaves = [tensor.to(device).requires_grad_() for tensor in (image, *field)]
        blurry = blur(leaves[0], KernelField(*leaves[1:]), padding)
        gradients = torch.autograd.grad((blurry * wanted.to(device)).sum(), leaves)
        operator = BlurOperator(field.to(device), padding)
        found[device] = (blurry.detach(), *gradients, operator.adjoint(wanted.to(device)))
    for ours, expected in zip(found[CUDA], found["cpu"], strict=True):
        assert relative(ours, expected) < ROUNDING


@pytest.mark.parametrize("engine", ENGINES)
def test_the_adjoint_on_the_gpu_is_the_transpose(engine):
    size, count = ENGINES[engine]
    operator = BlurOperator(mixed(size, count, 61, 70, torch.float64).to(CUDA))
    u, v = torch.rand(2, 2, 3, 61, 70, dtype=torch.float64, device=CUDA)
    one, other = (operator.blur(u) * v).sum(), (u * operator.adjoint(v)).sum()
    assert (one - other).abs() < 1e-10 * one.abs()


@pytest.mark.parametrize("method", ["basic", "saturated", "combined", "accelerated", "dark"])
def test_richardson_lucy_is_the_cpu_s(method):
    blurry, field = shaken(80, 96, turning=True)
    blurry = (1.3 * blurry).clamp(max=1)  # some of it clipped
    further = {"accelerated": {"acceleration": True}, "dark": {"dark": EVERY_SIDE}}
    options = {"tolerance": 0.0, **further.get(method, {"method": method})}
    expected = richardson_lucy(blurry, field, 8, **options)
    assert picture_psnr(expected, blurry) < 40  # something was done
    assert relative(richardson_lucy(blurry.to(CUDA), field.to(CUDA), 8, **options), expected) < 1e-3


@pytest.mark.parametrize("options", [{}, {"border": "reflect"}, {"allowance": 0.5}, {"noise": 0.01}], ids=str)
def test_deconvolution_is_the_cpu_s(options):
    blurry, field = shaken(80, 96, turning=True)
    blurry = (1.3 * blurry).clamp(max=1)
    expected = deconvolve(blurry, field, **options)
    assert picture_psnr(expected, blurry) < 40
    assert relative(deconvolve(blurry.to(CUDA), field.to(CUDA), **options), expected) < 1e-3


@pytest.mark.parametrize("turning", [False, True])
def test_the_motion_field_is_the_cpu_s(turning):
    blurry, _ = shaken(128, 144, turning=turning)
    expected, ours = dense_field(blurry, kernel_size=17), dense_field(blurry.to(CUDA), kernel_size=17)
    assert expected.mean_kernel().amax() < 0.9  # motion is seen
    assert relative(ours.mean_kernel(), expected.mean_kernel()) < 1e-2
    assert relative(ours.coefficients, expected.coefficients) < 1e-2


@pytest.mark.parametrize("loss", ["kernel", "kernel, L1", "reblur", "cross-entropy"])
def test_losses_and_their_gradients_are_the_cpu_s(loss):
    true = mixed(9, 3, 40, 44)
    blurry, sharp = torch.rand(2, 2, 3, 40, 44)
    found = {}
    for device in ("cpu", CUDA):
        basis, coefficients = (part.roll(1, 1).to(device).requires_grad_() for part in mixed(9, 4, 40, 44))
        field, target = KernelField(basis, coefficients), true.to(device)
        if loss == "reblur":
            value = reblur_loss(blurry.to(device), sharp.to(device), field)
        elif loss == "cross-entropy":
            value = sampled_cross_entropy(field, target, 40 * 44 * 64, torch.Generator(device).manual_seed(0))
        else:
            value = kernel_loss(field, target, p=1 if loss.endswith("L1") else 2)
        found[device] = (value.detach(), *torch.autograd.grad(value, (basis, coefficients)))
    # A pixel drawn 64 times by one generator is drawn 64 times or so by another; a sign may differ where nothing does.
    tolerance = {"cross-entropy": 0.3, "kernel, L1": 1e-2}.get(loss, 1e-4)
    for ours, expected in zip(found[CUDA], found["cpu"], strict=True):
        assert relative(ours, expected) < tolerance


def both(name, **options):
    """A bundled model as `load_deblurrer` gives it, on the GPU by itself, and the same on the CPU."""
    return load_deblurrer(name, **options), load_deblurrer(name, **options).cpu()


def test_every_bundled_model_is_loaded_to_the_gpu():
    for name in BUNDLED:
        assert {weights.device.type for weights in load_deblurrer(name).state_dict().values()} == {"cuda"}


@pytest.mark.parametrize("tile", [None, SMALLEST_TILE], ids=["whole", "tiled"])
@pytest.mark.parametrize("name", BUNDLED)
def test_a_photo_restored_from_a_file_is_the_cpu_s(name, tile, tmp_path):
    blurry, _ = shaken(150, 190 if tile is None else SMALLEST_TILE + 20)
    write_photo(tmp_path / "photo.png", blurry, PhotoRecord())
    written = []
    for where, model in zip(("gpu", "cpu"), both(name, tile=tile), strict=True):
        report = restore_photos(
            [tmp_path / "photo.png"], tmp_path / where, lambda model=model: model, kernels=model.sees_motion
        )
        assert not report.failed
        written.append(read_photo(report.restored[0])[0])
    assert picture_psnr(written[1], blurry) < 40
    assert picture_psnr(*written) > ALIKE


@pytest.mark.parametrize(
    ("name", "channels", "options"),
    [
        *((name, channels, {}) for name in BUNDLED for channels in (1, 3)),
        *(("blind", 3, {"restorer": restorer}) for restorer in RESTORERS),
    ],
    ids=str,
)
def test_a_photo_on_the_gpu_stays_there_and_is_restored_as_on_the_cpu(name, channels, options):
    blurry = shaken(128, 144)[0][:, :channels]
    ours, theirs = both(name, **options)
    answer, expected = ours(blurry.to(CUDA)), theirs(blurry)
    assert answer.picture.is_cuda
    assert picture_psnr(expected.picture, blurry) < 40
    assert picture_psnr(answer.picture.cpu(), expected.picture) > ALIKE
    assert len(answer.notes) == len(expected.notes)
    if expected.field is not None:
        assert (answer.field.to("cpu").mean_kernel() - expected.field.mean_kernel()).abs().sum() < 0.05


def test_a_direct_network_that_was_loaded_to_the_gpu_is_exported(tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    deblurrer = load_deblurrer("direct").deblurrer
    write_onnx(deblurrer, tmp_path / "direct.onnx")
    assert farthest(deblurrer, tmp_path / "direct.onnx", [(40, 56)]) < 1e-4


@pytest.mark.parametrize("name", [name for name in BUNDLED if name != "direct"])
def test_pictures_that_fade_are_restored_as_on_the_cpu(name):
    kernel = shake_kernels(1, 15, generator=torch.Generator().manual_seed(4))
    scene = picture(140, 150)
    blurry = blur(scene, KernelField(kernel[None], torch.ones(1, 1, 140, 150)), "zeros").clamp(0, 1)
    ours, theirs = both(name)
    assert theirs.exposure_of(blurry).fades
    answer, expected = ours(blurry.to(CUDA)), theirs(blurry)
    assert answer.picture.is_cuda
    assert picture_psnr(answer.picture.cpu(), expected.picture) > ALIKE


SMALL = {
    "adaptive": small_motion_deblurrer, "direct": small_direct_deblurrer, "learned": small_learned_deblurrer,
    "seeing": small_seeing_deblurrer,
}  # fmt: skip


@pytest.mark.parametrize("kind", SMALL)
def test_batches_restored_as_modules_do_are_the_cpu_s(kind, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)  # weights of no training: rounding grows more
    blurry = torch.cat((shaken(96, 112)[0], shaken(96, 112, 9)[0]))
    deblurrer = SMALL[kind]()
    with torch.no_grad():
        expected, answer = deblurrer(blurry), copy.deepcopy(deblurrer).to(CUDA)(blurry.to(CUDA))
    assert answer.picture.is_cuda
    assert picture_psnr(answer.picture.cpu(), expected.picture).min() > ALIKE


class Streaks(BlindEstimator):
    """Sees a streak of 25 pixels in every photo 240 pixels wide, as far as its kernels reach."""

    def find(self, light, tell=None):
        half = min(12 * light.shape[-1] // 240, self.kernel_size // 2)
        field = delta_field(light, self.kernel_size)
        field.basis[..., self.kernel_size // 2, self.kernel_size // 2 - half : self.kernel_size // 2 + half + 1] = 1
        return Found(field._replace(basis=field.basis / field.basis.sum((2, 3), keepdim=True)))


class Believing(LongMotion):
    """Takes the smaller scale, whatever the evidence, which is still weighed."""

    def advantage(self, *seen):
        return abs(super().advantage(*seen)) + 1


def test_motion_longer_than_the_kernels_is_undone_as_on_the_cpu():
    deblurrer = MotionDeblurrer(Streaks(17), small_learned_deblurrer().restorer).eval()
    theirs = PhotoDeblurrer(deblurrer, long_motion=Believing(least_kernels=2))
    ours = copy.deepcopy(theirs).to(CUDA)
    blurry = picture(180, 240)
    answer, expected = ours(blurry.to(CUDA)), theirs(blurry)
    assert answer.picture.is_cuda
    assert answer.field.kernel_size == expected.field.kernel_size == 33  # twice as far, at half the size
    assert picture_psnr(answer.picture.cpu(), expected.picture) > ALIKE
    assert relative(ours.field(blurry.to(CUDA)).to(CUDA).basis, expected.field.basis) < ROUNDING


def batch_of(count=2, side=48, seed=0):
    generator = torch.Generator().manual_seed(seed)
    field = mixed(9, 2, side, side)
    sharp = F.avg_pool2d(torch.rand(count, 3, side + 8, side + 8, generator=generator), 9, 1)
    return {
        "blurry": blur(sharp, field).clamp(0, 1), "sharp": sharp, "field": field, "name": ["a", "b"],
        "weights": torch.rand(count, side, side, generator=generator),
    }  # fmt: skip


def loader(*seeds):
    return DataLoader([batch_of(seed=seed) for seed in seeds], batch_size=None)


def adaptive():
    losses = FieldLosses(cross_entropy=0.1, samples=30)
    return AdaptiveBasisModule(small_motion_deblurrer(), losses)


def regression():
    generator = FoldedNAFNet(width=4, middle_blocks=1, encoder_blocks=(1,), decoder_blocks=(1,))
    return RegressionModule(DirectDeblurrer(generator, signed=False))


def seeing():
    network = SeeingNAFNet(9, width=8, middle_blocks=1, encoder_blocks=(1, 1, 1), decoder_blocks=(1, 1, 1), finer=1)
    return SeeingModule(DirectDeblurrer(network, signed=False), replayed=1)


def game():
    deblurrer = DirectDeblurrer(DeblurGANGenerator(4, 1, dropout=0.0))
    return DeblurGANModule(deblurrer, PatchCritic(4), PixelContent(), game=Game(critic_steps=1))


MODULES = {
    "adaptive": adaptive, "regression": regression, "seeing": seeing, "game": game,
    "restorer": lambda: RestorerModule(small_learned_deblurrer()),
}  # fmt: skip


def trainer_on_gpu(**options):
    return Trainer(
        accelerator="gpu", devices=1, logger=False, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False, num_sanity_val_steps=0, **options,
    )  # fmt: skip


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("kind", MODULES)
def test_two_steps_of_each_training_change_its_weights(kind, precision):
    torch.manual_seed(0)
    module = MODULES[kind]()
    before, places = copy.deepcopy(module.state_dict()), []
    module.on_train_batch_end = lambda *_: places.append({weights.device.type for weights in module.parameters()})
    steps = 4 if kind == "game" else 2  # the critic's count too
    trainer = trainer_on_gpu(precision=precision, max_steps=steps, max_epochs=1)
    trainer.fit(module, loader(0, 1), loader(7))
    assert places == [{"cuda"}] * 2
    assert math.isfinite(trainer.callback_metrics["train/loss"].item())
    assert math.isfinite(trainer.callback_metrics["val/psnr"].item())
    after = {name: weights.cpu() for name, weights in module.state_dict().items()}
    assert all(weights.isfinite().all() for weights in after.values())
    changed = {name.partition(".")[0] for name, weights in after.items() if not torch.equal(weights, before[name])}
    assert changed == ({"deblurrer", "critic"} if kind == "game" else {"deblurrer"})


@pytest.mark.parametrize("kind", ["adaptive", "regression"])
def test_a_tested_module_scores_as_on_the_cpu(kind, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    torch.manual_seed(0)
    module = MODULES[kind]()
    (ours,) = trainer_on_gpu().test(module, loader(0), verbose=False)
    options = {"logger": False, "enable_progress_bar": False, "enable_checkpointing": False}
    (expected,) = Trainer(accelerator="cpu", enable_model_summary=False, **options).test(
        module.cpu(), loader(0), verbose=False
    )
    assert ours == {name: pytest.approx(value, rel=1e-2) for name, value in expected.items()}


def test_restoration_metrics_of_pictures_on_the_gpu_are_the_cpu_s():
    restored = torch.cat((picture(64, 80, "coffee"), picture(64, 80, "astronaut")))
    sharp = (restored + 0.05 * torch.randn(restored.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    found = []
    for device in ("cpu", CUDA):
        metrics = RestorationMetrics(quantize=True, wavelets=True).to(device)
        metrics.update(restored.to(device), sharp.to(device), ["a", "b"])
        found.append({name: value.item() for name, value in metrics.compute().items()})
    assert found[1] == pytest.approx(found[0], rel=1e-9, nan_ok=True)
    assert 20 < found[1]["psnr"] < 30


def test_kohler_s_scores_of_a_picture_on_the_gpu_are_the_cpu_s():
    frames = [(picture(170, 180)[0].roll(step, 2) * 255).round().byte().permute(1, 2, 0).numpy() for step in range(2)]
    restored = shaken(170, 180, 5)[0]
    found = []
    for device in ("cpu", CUDA):
        score = KohlerScore(workers=1).to(device)
        score.update(restored.to(device), [[np.ascontiguousarray(frame) for frame in frames]], ["Blurry1_1"])
        found.append({name: value.item() for name, value in score.compute().items()})
    assert found[0] == found[1]
    assert 10 < found[1]["psnr"] < 60
