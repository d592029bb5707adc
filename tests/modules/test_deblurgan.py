"""DeblurGANModule as Lightning runs it: steps, rates, accumulation, resume, VGG-19, two processes."""

import copy
import json
import subprocess
import sys

import pytest
import torch
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader, IterableDataset

from deblur_lightning.callbacks import StepSeeds
from deblur_lightning.deblurring import DirectDeblurrer
from deblur_lightning.losses import PerceptualContent, PixelContent
from deblur_lightning.modules import DeblurGANModule, Game, Penalty, Rate
from deblur_lightning.networks import DeblurGANGenerator, PatchCritic, VGGFeatures

# Lightning advises on numbers of workers and logging intervals, which a run of seconds does not need.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:.*logging interval.*"),
]


def pairs(count, channels=3):
    generator = torch.Generator().manual_seed(0)
    return [
        {
            "blurry": torch.rand(channels, 24, 20, generator=generator),
            "sharp": torch.rand(channels, 24, 20, generator=generator),
            "name": f"{number}",
        }
        for number in range(count)
    ]


def pairs_with(generator, count):
    return [
        {"blurry": blurry, "sharp": sharp, "name": f"{number}"}
        for number, (blurry, sharp) in enumerate(torch.rand(count, 2, 1, 3, 24, 20, generator=generator))
    ]


def trained(module, batch_size, epochs, ckpt_path=None, data=None, **options):
    torch.manual_seed(5)
    trainer = Trainer(
        accelerator="cpu", max_epochs=epochs, logger=False, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False, num_sanity_val_steps=0, **options,
    )  # fmt: skip
    trainer.fit(module, DataLoader(data or pairs(4), batch_size), ckpt_path=ckpt_path, weights_only=True)
    return trainer


def built(width=4, residual=True, **arguments):
    torch.manual_seed(1)
    deblurrer = DirectDeblurrer(DeblurGANGenerator(width, 1, dropout=0.0, residual=residual))
    return DeblurGANModule(deblurrer, PatchCritic(width), **{"content": PixelContent()} | arguments)


def test_networks_that_are_given_keep_their_weights():
    generator, critic = DeblurGANGenerator(4, 1), PatchCritic(4)
    for weights in (*generator.parameters(), *critic.parameters()):
        torch.nn.init.uniform_(weights)
    given = copy.deepcopy((generator, critic))
    module = DeblurGANModule(DirectDeblurrer(generator), critic, PixelContent())
    for ours, theirs in zip((module.generator, module.critic), given, strict=True):
        assert all(torch.equal(ours.get_parameter(name), weights) for name, weights in theirs.named_parameters())


def steps_of(optimizer):
    return {int(state["step"]) for state in optimizer.state.values()}


def test_the_critic_takes_its_steps_for_each_of_the_generator():
    module = built(game=Game(critic_steps=3))
    generator, critic = trained(module, batch_size=2, epochs=2).optimizers
    assert steps_of(generator) == {4}
    assert steps_of(critic) == {12}


def test_updates_are_those_of_the_game_written_out(monkeypatch):
    module = built(game=Game(critic_steps=2), rate=Rate(1e-3))
    generator, critic = copy.deepcopy(module.generator).double(), copy.deepcopy(module.critic).double()
    batches = [{**pair, "name": [pair["name"]]} for pair in pairs_with(torch.Generator().manual_seed(3), 3)]
    monkeypatch.setattr(torch, "rand", lambda *size, **_: torch.full(size, 0.3))  # places of the penalty
    trainer = trained(module, batch_size=None, epochs=1, data=batches, precision="64-true")

    optimizers = [torch.optim.Adam(n.parameters(), 1e-3, (0.5, 0.999), foreach=False) for n in (generator, critic)]
    losses = []
    for batch in batches:
        blurry, sharp = (2 * batch[name].double() - 1 for name in ("blurry", "sharp"))
        for _ in range(2):
            restored = generator(blurry).detach()
            between = (0.3 * sharp + 0.7 * restored).requires_grad_()
            (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
            game = critic(restored).mean() - critic(sharp).mean()
            optimizers[1].zero_grad()
            (game + 10 * (slope.norm() - 1) ** 2).backward()
            optimizers[1].step()
        restored = generator(blurry)
        loss = 100 * (restored - sharp).abs().mean() - critic(restored).mean()
        optimizers[0].zero_grad()
        loss.backward()
        optimizers[0].step()
        losses.append(loss.item())
    assert trainer.callback_metrics["train/loss"] == pytest.approx(sum(losses) / 3, rel=1e-5)
    for ours, written_out in ((module.generator, generator), (module.critic, critic)):
        for name, weights in written_out.named_parameters():
            if name.endswith("weight"):  # normalisation cancels biases: theirs are steps along rounding errors
                torch.testing.assert_close(ours.get_parameter(name), weights, rtol=1e-4, atol=1e-6)


def test_rates_stay_and_then_fall_to_zero_in_a_line():
    module = built(rate=Rate(0.1, constant_epochs=2, decay_epochs=4))
    rates = []
    module.on_train_epoch_start = lambda: rates.append([o.param_groups[0]["lr"] for o in module.trainer.optimizers])
    trained(module, batch_size=4, epochs=6)
    assert rates == [[pytest.approx(rate)] * 2 for rate in (0.1, 0.1, 0.1, 0.075, 0.05, 0.025)]


@pytest.mark.parametrize("wrong", [{"learning_rate": 0.0}, {"constant_epochs": -1}, {"decay_epochs": -1}])
def test_rates_that_would_rise_or_never_be_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} is {wrong[name]}, but it "):
        Rate(**wrong)


def test_accumulated_batches_make_the_step_of_a_large_one():
    one, many = built(), built(accumulate=2)
    trained(one, batch_size=2, epochs=2)
    trained(many, batch_size=1, epochs=2)
    for name, weights in one.state_dict().items():
        if name.endswith("weight"):  # normalisation cancels biases: theirs are steps along rounding errors
            torch.testing.assert_close(many.state_dict()[name], weights, rtol=1e-3, atol=1e-4)


def test_batches_left_over_at_an_epoch_s_end_make_a_step_too():
    generator, critic = trained(built(accumulate=3), batch_size=1, epochs=1).optimizers
    assert (steps_of(generator), steps_of(critic)) == ({2}, {10})


class Endless(IterableDataset):
    """Pairs whose number a loader cannot know beforehand."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        return iter(pairs(self.count))


@pytest.mark.parametrize(
    ("data", "limit"), [(Endless(4), 1.0), (Endless(9), 4), (pairs(9), 4), (pairs(8), 0.5)],
    ids=["unknown", "unknown, limited", "limited", "half"],
)  # fmt: skip
def test_the_last_batches_make_a_step_whatever_the_loader_knows_of_its_length(data, limit):
    module = built(accumulate=3, game=Game(critic_steps=1))
    trainer = trained(module, batch_size=1, epochs=2, data=data, limit_train_batches=limit)
    assert [steps_of(optimizer) for optimizer in trainer.optimizers] == [{4}, {4}]  # of 3 and of 1, twice
    assert module.between_steps


def test_a_resumed_training_ends_with_the_same_weights(tmp_path):
    whole, begun, resumed = (built(rate=Rate(constant_epochs=1)) for _ in range(3))
    seeds = {"callbacks": [StepSeeds()]}  # places of the penalty
    trained(whole, batch_size=2, epochs=3, **seeds)
    trained(begun, batch_size=2, epochs=2, **seeds).save_checkpoint(tmp_path / "two.ckpt")
    trainer = trained(resumed, batch_size=2, epochs=3, ckpt_path=tmp_path / "two.ckpt", **seeds)
    assert trainer.optimizers[0].param_groups[0]["lr"] == pytest.approx(1e-4 * (1 - 2 / 150))
    changed = 0
    for name, weights in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], weights)
        changed += not torch.equal(begun.state_dict()[name], weights)
    assert changed > 10


def test_a_gentle_start_returns_the_blurry_picture_and_learns():
    blurry = torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(3))
    module = built(gentle=True)
    torch.testing.assert_close(module.eval().restore(blurry), blurry)
    assert (built().eval().restore(blurry) - blurry).abs().max() > 0.01
    trained(module, batch_size=2, epochs=1)
    assert all(weights.abs().max() > 0 for weights in module.generator.model[-2].parameters())
    assert not torch.equal(module.eval().restore(blurry), blurry)


def test_a_gentle_start_needs_a_residual_generator():
    with pytest.raises(ValueError, match=r"gentle starts .* Pass residual=True"):
        built(gentle=True, residual=False)


def test_without_adversary_the_critic_stays_as_it_was():
    module = built(game=Game(0.0))
    before = {name: weights.clone() for name, weights in module.critic.state_dict().items()}
    generator, critic = trained(module, batch_size=2, epochs=1).optimizers
    assert steps_of(generator) == {2}
    assert not critic.state
    assert all(torch.equal(weights, before[name]) for name, weights in module.critic.state_dict().items())


def test_bfloat16_trains_with_weights_in_float32():
    module = built(width=8, game=Game(critic_steps=1), rate=Rate(0.01))
    before = {name: weights.clone() for name, weights in module.named_parameters()}
    trained(module, batch_size=2, epochs=1, precision="bf16-mixed")
    for name, weights in module.named_parameters():
        assert weights.dtype == torch.float32
        assert weights.isfinite().all()
        assert name.endswith("bias") or not torch.equal(weights, before[name])


def test_weights_in_bfloat16_train_with_the_penalty_in_float32():
    module = built(width=8, game=Game(critic_steps=1), rate=Rate(0.01))
    before = {name: weights.clone() for name, weights in module.named_parameters()}
    trainer = trained(module, batch_size=2, epochs=1, precision="bf16-true")
    assert trainer.callback_metrics["train/gradient_penalty"].isfinite()
    for name, weights in module.named_parameters():
        assert weights.dtype == torch.bfloat16
        assert weights.isfinite().all()
        assert name.endswith("bias") or not torch.equal(weights.float(), before[name])


def test_weights_in_float16_are_refused_with_what_to_pass_instead():
    with pytest.raises(ValueError, match="Pass bf16-true, bf16-mixed or 16-mixed"):
        trained(built(), batch_size=2, epochs=1, precision="16-true")


def test_the_perceptual_loss_reads_torchvision_s_file_and_does_not_save_it(tmp_path):
    torch.manual_seed(0)
    file = {f"features.{name}": weights for name, weights in VGGFeatures().state_dict().items()}
    torch.save(file | {"classifier.0.bias": torch.zeros(3)}, tmp_path / "vgg.pth")
    module = built(content=PerceptualContent(vgg_weights=tmp_path / "vgg.pth"))
    trainer = trained(module, batch_size=2, epochs=1)
    trainer.save_checkpoint(tmp_path / "gan.ckpt")
    saved = torch.load(tmp_path / "gan.ckpt", weights_only=True)
    assert {name.split(".")[0] for name in saved["state_dict"]} == {"deblurrer", "critic"}


def test_absent_or_other_vgg_weights_are_named_before_training(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.pth is no file.*Download"):
        trained(built(content=PerceptualContent(vgg_weights=tmp_path / "none.pth")), batch_size=2, epochs=1)
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth holds no VGG-19"):
        trained(built(content=PerceptualContent(vgg_weights=tmp_path / "other.pth")), batch_size=2, epochs=1)


def test_gray_and_odd_pictures_are_restored_alike():
    module = built().eval()
    gray = torch.rand(2, 1, 19, 23, generator=torch.Generator().manual_seed(2))
    restored = module.restore(gray)
    assert restored.shape == gray.shape
    torch.testing.assert_close(restored, module(gray.expand(-1, 3, -1, -1)).mean(dim=1, keepdim=True).clamp(0, 1))


def test_counts_of_nothing_are_refused():
    with pytest.raises(ValueError, match="accumulate is 0, but it counts batches"):
        built(accumulate=0)
    with pytest.raises(ValueError, match="critic_steps is 0, but a critic takes steps"):
        Game(critic_steps=0)


def test_the_default_is_the_published_recipe():
    with torch.device("meta"):
        module = DeblurGANModule()
    assert sum(weight.numel() for weight in module.generator.parameters()) == 11_378_179
    assert sum(weight.numel() for weight in module.critic.parameters()) == 2_764_737
    assert (module.game, module.penalty) == (Game(1.0, 5), Penalty(10.0, "sample", "sample"))
    assert module.rate == Rate(1e-4, (0.5, 0.999), 150, 150)
    assert module.content == PerceptualContent(100.0, None)


SCRIPT = """
import json, sys
import torch
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader
from deblur_lightning.deblurring import DirectDeblurrer
from deblur_lightning.losses import PixelContent
from deblur_lightning.modules import DeblurGANModule, Penalty
from deblur_lightning.networks import DeblurGANGenerator, PatchCritic


class Recorded(DeblurGANModule):
    def on_train_end(self):
        mine = [self.trainer.world_size, *(weights.double().sum().item() for name, weights in
                self.named_parameters() if name.endswith("weight"))]
        everyone = [mine]
        if self.trainer.world_size > 1:
            everyone = [None] * self.trainer.world_size
            torch.distributed.all_gather_object(everyone, mine)
        if self.trainer.is_global_zero:
            json.dump(everyone, open(sys.argv[1], "w"))


if __name__ == "__main__":
    devices = int(sys.argv[2])
    torch.manual_seed(1)
    generator = torch.Generator().manual_seed(0)
    pairs = [dict(blurry=torch.rand(3, 24, 20, generator=generator), sharp=torch.rand(3, 24, 20, generator=generator),
             name=str(number)) for number in range(4)]
    deblurrer = DirectDeblurrer(DeblurGANGenerator(4, 1, dropout=0.0))
    module = Recorded(deblurrer, PatchCritic(4), PixelContent(), Penalty(0.0))
    trainer = Trainer(
        accelerator="cpu", devices=devices, strategy="ddp_fork" if devices > 1 else "auto", max_epochs=2, logger=False,
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False, limit_val_batches=0,
    )
    trainer.fit(module, DataLoader(pairs, 4 // devices))
"""


@pytest.mark.slow
def test_two_processes_train_both_networks_as_one_does(tmp_path):
    script, weights = tmp_path / "script.py", []
    script.write_text(SCRIPT)
    for devices in (1, 2):
        out = tmp_path / f"{devices}.json"
        subprocess.run([sys.executable, script, out, str(devices)], check=True, capture_output=True, timeout=300)
        weights.append(json.loads(out.read_text()))
    (alone,), (first, second) = weights
    assert first == second
    assert [alone[0], first[0]] == [1, 2]
    assert first[1:] == pytest.approx(alone[1:], rel=1e-3, abs=1e-4)


def test_a_generator_of_display_values_is_refused():
    with pytest.raises(ValueError, match=r"trains it on \[-1, 1\]. Pass signed=True"):
        DeblurGANModule(DirectDeblurrer(DeblurGANGenerator(2, 1), signed=False), PatchCritic(2), content=PixelContent())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of how Lightning calls jsonargparse
def test_a_training_is_loaded_as_it_was_built(tmp_path):
    module = built(accumulate=2, gentle=True, game=Game(critic_steps=2), content=PixelContent(weight=3.0))
    trainer = trained(module, 2, 1)
    trainer.save_checkpoint(tmp_path / "a.ckpt")
    back = DeblurGANModule.load_from_checkpoint(tmp_path / "a.ckpt", weights_only=True)
    assert (back.accumulate, back.game, back.penalty, back.rate) == (2, module.game, module.penalty, module.rate)
    assert (type(back.content), back.content.weight) == (PixelContent, 3.0)
    for name, weight in module.state_dict().items():
        assert torch.equal(back.state_dict()[name], weight)


class Forgetful(PatchCritic):
    """Keeps nothing of what it was built with."""

    def __init__(self, wide):
        super().__init__(wide)


def test_a_critic_that_cannot_be_described_trains_all_the_same():
    module = DeblurGANModule(DirectDeblurrer(DeblurGANGenerator(4, 1)), Forgetful(4), PixelContent())
    assert "critic" not in module.hparams
    trained(module, 2, 1)


@pytest.mark.parametrize("part", [Game, Penalty])
@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_factors_that_are_none_are_refused(part, weight):
    with pytest.raises(ValueError, match=rf"{part.__name__.lower()}\.weight is .*, but it is a loss's factor\. Pass 0"):
        part(weight)
