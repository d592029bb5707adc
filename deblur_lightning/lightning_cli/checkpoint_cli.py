"""LightningCLI with checkpoints that tell a network's shape, and nothing else."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning_utilities.core.rank_zero import rank_zero_only
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import BasePredictionWriter
from pytorch_lightning.cli import LightningCLI
from torch import nn

from deblur_lightning.callbacks import RecordResults, SaveRestored
from deblur_lightning.checkpoints import Checkpoint, read_checkpoint
from deblur_lightning.checkpoints.own import as_lightning
from deblur_lightning.deblurring import find_checkpoint, load_weights
from deblur_lightning.deblurring.bundled import BUNDLED
from deblur_lightning.deblurring.recipe import remembered
from deblur_lightning.lightning_cli.class_paths import refuse_functions
from deblur_lightning.lightning_cli.foreign_weights import foreign_weights
from deblur_lightning.lightning_cli.run_folder import settle_log, sum_up_networks
from deblur_lightning.modules import RestorationModule

NETWORKS = ("network", "generator")
"""The parts of a deblurrer that have weights: of these, a checkpoint tells the arguments."""


class CheckpointCLI(LightningCLI):
    """Run a configuration with any checkpoint of ours as ``--ckpt_path``, `deblur import-weights`' among them.

    Where it names a network of another package, weights alone will do, as that package saves them.

    Lightning lets every argument in a checkpoint win over the configuration: a network trained with gamma 2.2 would be
    tested with gamma 2.2 by a configuration that says 1.0. Here a checkpoint decides its networks' arguments alone; a
    configuration that names no deblurrer takes the checkpoint's whole.

    A checkpoint without the state of a training begins a new one with its weights. A bundled model's name will do.
    """

    _read: Checkpoint | None = None

    def _parse_ckpt_path(self) -> None:
        """Read the checkpoint, where LightningCLI would take all of its arguments."""
        self._find_bundled()
        path = self._path()
        options = self.config[self.config.subcommand].get("model")
        if path is None or options is None or "deblurrer" not in options.get("init_args", {}):
            return  # another project's module knows its own checkpoints
        configured = options.init_args.deblurrer
        if configured is not None and (foreign := foreign_weights(path, configured, NETWORKS)):
            self._read = foreign
            return
        self._read = read_checkpoint(path)
        recipe = self._read.recipe
        if configured is None:
            options.init_args.deblurrer = _namespace(recipe)
            return
        _check_kind(path, "model", recipe, configured)
        for name in NETWORKS:
            if name in recipe["init_args"]:
                told, said = recipe["init_args"][name], configured.init_args.get(name)
                _check_kind(path, name, told, said)
                self._note_differences(name, told, said, path)
                configured.init_args[name] = _namespace(told)
        if (signed := recipe["init_args"].get("signed")) is not None:  # what the network was trained to take
            if configured.init_args.get("signed", signed) != signed:
                _note(f"signed is {signed} as in {path}; the configuration says {not signed}.")
            configured.init_args["signed"] = signed

    def _find_bundled(self) -> None:
        """Put a bundled model's path in the place of its name."""
        arguments = self.config[self.config.subcommand]
        named = arguments.get("ckpt_path")
        if named and named.lower() in BUNDLED:
            arguments.ckpt_path = str(find_checkpoint(Path(named)))

    def _note_differences(self, name: str, told: dict[str, Any] | None, said: Namespace | None, path: Path) -> None:
        """Say where the configuration's network is another than the checkpoint's."""
        if said is None or told is None:
            if said is not None:
                _note(f"{path} has no {name}; the configuration's is left out.")
            return
        for argument, value in said.get("init_args", Namespace()).items():
            theirs = told["init_args"].get(argument, value)
            if theirs != value:
                _note(f"{argument} is {theirs} as in {path}; the configuration says {value}.")

    def before_instantiate_classes(self) -> None:
        """Refuse what would run code of a configuration's choice; have networks' arguments remembered."""
        refuse_functions(self.config)
        self.parser.add_instantiator(remembered, nn.Module, subclasses=True)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:  # noqa: ANN401 - Lightning's signature
        """Let the trainer read weights alone too, write where a run belongs, and sum up the networks."""
        told = list(self.config_init[self.config.subcommand].trainer.callbacks or ())
        trainer = super().instantiate_trainer(**kwargs)
        path = self._path()
        goes_on = self.config[self.config.subcommand].ckpt_path is not None and (
            self._read is None or self._read.resumes
        )
        settle_log(trainer, trains=self.config.subcommand == "fit", checkpoint=path, goes_on=goes_on)
        sum_up_networks(trainer, told)
        if path is not None and (path.suffix == ".safetensors" or (self._read and not self._read.recipe)):
            trainer.strategy.checkpoint_io = AsRead(self._read)
        return trainer

    def before_fit(self) -> None:
        """Begin anew with the weights of a checkpoint that holds nothing else.

        Raises:
            ValueError: no batch makes a step.
        """
        if self.trainer.accumulate_grad_batches < 1:
            count = self.trainer.accumulate_grad_batches
            raise ValueError(f"accumulate_grad_batches is {count}, but it counts batches. Pass 1 or more.")
        path = self._path()
        if path is not None and self._read is not None and not self._read.resumes:
            load_weights(self.model.deblurrer, self._read.weights, path)
            self.config_init["fit"]["ckpt_path"] = None

    def before_validate(self) -> None:
        """Say so if there is nothing trained to score."""
        self._is_untrained()

    def before_test(self) -> None:
        """Likewise, and have no table take its scores for the method's."""
        if self._is_untrained():
            for callback in self.trainer.callbacks:  # type: ignore[attr-defined]
                if isinstance(callback, RecordResults) and callback.method is None:
                    callback.method = f"{self.model.method} (untrained)"

    def before_predict(self) -> None:
        """Refuse to restore what neither SaveRestored nor a writer of one's own keeps; then warn as `before_test`."""
        keeping = (SaveRestored, BasePredictionWriter)
        if not any(isinstance(callback, keeping) for callback in self.trainer.callbacks):  # type: ignore[attr-defined]
            raise ValueError(
                "predict restores pictures, but neither SaveRestored nor a BasePredictionWriter is there to keep them. "
                "Pass --trainer.callbacks+ SaveRestored --trainer.callbacks.folder FOLDER."
            )
        self._is_untrained()

    def _is_untrained(self) -> bool:
        """Tell whether a network of ours is about to be scored with random weights, and warn of it."""
        untrained = (
            isinstance(self.model, RestorationModule)
            and any(True for _ in self.model.deblurrer.parameters())
            and not self.config[self.config.subcommand].get("ckpt_path")
        )
        if untrained:
            _note("There is no --ckpt_path, so an untrained network is used. Pass the checkpoint that you mean.")
        return untrained

    def _path(self) -> Path | None:
        """Return the checkpoint's path if one was passed; ``best``, ``last`` and addresses are Lightning's."""
        named = self.config[self.config.subcommand].get("ckpt_path") if self.config.get("subcommand") else None
        return Path(named) if named and Path(named).is_file() else None


class AsRead(TorchCheckpointIO):
    """Give the trainer weights that are in no checkpoint of Lightning's: those read, or a ``.safetensors`` of ours.

    Args:
        read: what was read.
    """

    def __init__(self, read: Checkpoint | None) -> None:
        super().__init__()
        self.read = read

    def load_checkpoint(
        self, path: str | Path, map_location: Callable[..., Any] | None = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read the weights; nothing in such files can be executed."""
        checkpoint = self.read or read_checkpoint(Path(path))
        return as_lightning(checkpoint.weights, checkpoint.recipe)


def _check_kind(path: Path, name: str, told: dict[str, Any] | None, said: Namespace | None) -> None:
    """Raise where a checkpoint's part is of another class than the configuration's."""
    if told is None or said is None:
        return
    theirs, ours = (str(one).rpartition(".")[2] for one in (told["class_path"], said.class_path))
    if theirs != ours:
        raise ValueError(
            f"{path} is a checkpoint of {theirs}, but the configuration's {name} is {ours}. "
            "Pass another --ckpt_path or --config."
        )


def _namespace(recipe: dict[str, Any] | None) -> Namespace | None:
    """Give a recipe the form of a parsed configuration."""
    if recipe is None:
        return None
    arguments = {
        name: _namespace(value) if isinstance(value, dict) and "class_path" in value else value
        for name, value in recipe["init_args"].items()
    }
    return Namespace(class_path=recipe["class_path"], init_args=Namespace(**arguments))


@rank_zero_only
def _note(line: str) -> None:
    print(f"lightning: {line}", file=sys.stderr)  # noqa: T201 - for the user, whatever the log's level
