"""LightningCLI with checkpoints that tell a network's shape, and nothing else."""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning_utilities.core.rank_zero import rank_zero_only
from pytorch_lightning import Trainer
from pytorch_lightning.cli import LightningCLI

from deblur_lightning import modules, networks
from deblur_lightning.callbacks.record_results import RecordResults
from deblur_lightning.checkpoints import Checkpoint, read_checkpoint
from deblur_lightning.checkpoints.own import as_lightning
from deblur_lightning.jobs.load_restorer import MODULES, load_restoring, module_of
from deblur_lightning.lightning_cli.class_paths import refuse_functions
from deblur_lightning.modules import SaveRestored
from deblur_lightning.reports.method_names import method_name

NETWORKS = {"network.": "AdaptiveBasisNetwork", "path_network.": "PathNetwork", "generator.": "DeblurGANGenerator"}
"""The networks that restore, by how their weights' names begin; a checkpoint tells their arguments."""


class CheckpointCLI(LightningCLI):
    """Run a configuration with any checkpoint of ours as ``--ckpt_path``, `deblur import-weights`' among them.

    Lightning lets every argument in a checkpoint win over the configuration: a network trained with gamma 2.2 would be
    tested with gamma 2.2 by a configuration that says 1.0. Here a checkpoint decides its network's arguments alone.

    A checkpoint without the state of a training begins a new one with its weights; a network that it lacks begins with
    none.
    """

    _read: Checkpoint | None = None

    def _parse_ckpt_path(self) -> None:
        """Read the checkpoint, where LightningCLI would take all of its arguments."""
        path = self._path()
        options = self.config[self.config.subcommand].get("model")
        configured = options.class_path.rpartition(".")[2] if options else None
        if path is None or configured not in MODULES:
            return  # another project's module knows its own checkpoints
        self._read = read_checkpoint(path)
        prefixes, kind = module_of(path, self._read.weights)
        if kind != configured:
            raise ValueError(
                f"{path} is a checkpoint of {kind}, but the configuration's model is {configured}. "
                "Pass another --ckpt_path or --config."
            )
        if self._begins():
            prefixes = self._held(prefixes)
        shape = {
            name for prefix in prefixes for name in inspect.signature(getattr(networks, NETWORKS[prefix])).parameters
        }
        for name, parameter in inspect.signature(getattr(modules, kind)).parameters.items():
            if name in shape and name in options.init_args:
                ours, theirs = options.init_args[name], self._read.arguments.get(name, parameter.default)
                if ours != theirs:
                    _note(f"{name} is {theirs} as in {path}; the configuration says {ours}.")
                options.init_args[name] = theirs

    def before_instantiate_classes(self) -> None:
        """Refuse what would run code of a configuration's choice."""
        refuse_functions(self.config)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:  # noqa: ANN401 - Lightning's signature
        """Let the trainer read safetensors too."""
        trainer = super().instantiate_trainer(**kwargs)
        path = self._path()
        if path is not None and path.suffix == ".safetensors":
            trainer.strategy.checkpoint_io = Safetensors()
        return trainer

    def before_fit(self) -> None:
        """Begin anew with the weights of a checkpoint that holds nothing else."""
        path = self._path()
        if path is None or self._read is None or not self._begins():
            return
        prefixes, _ = module_of(path, self._read.weights)
        load_restoring(self.model, self._read.weights, self._held(prefixes), path)
        self.config_init["fit"]["ckpt_path"] = None

    def before_validate(self) -> None:
        """Say so if there is nothing trained to score."""
        self._is_untrained()

    def before_test(self) -> None:
        """Likewise, and have no table take its scores for the method's."""
        if self._is_untrained():
            for callback in self.trainer.callbacks:  # type: ignore[attr-defined]
                if isinstance(callback, RecordResults) and callback.method is None:
                    callback.method = f"{method_name(type(self.model).__name__)} (untrained)"

    def before_predict(self) -> None:
        """Likewise, and say so if restored pictures are not kept."""
        self._is_untrained()
        if not any(isinstance(callback, SaveRestored) for callback in self.trainer.callbacks):  # type: ignore[attr-defined]
            _note(
                "Restored pictures are not kept. To keep them: --trainer.callbacks+ SaveRestored "
                "--trainer.callbacks.folder FOLDER."
            )

    def _begins(self) -> bool:
        """Tell whether a training begins with a checkpoint's weights."""
        return self._read is not None and self.config.subcommand == "fit" and not self._read.resumes

    def _held(self, prefixes: tuple[str, ...]) -> tuple[str, ...]:
        """Leave out networks of which the checkpoint has nothing."""
        weights = self._read.weights if self._read is not None else {}
        return tuple(prefix for prefix in prefixes if any(name.startswith(prefix) for name in weights))

    def _is_untrained(self) -> bool:
        """Tell whether a network of ours is about to be scored with random weights, and warn of it."""
        untrained = type(self.model).__name__ in MODULES and not self.config[self.config.subcommand].get("ckpt_path")
        if untrained:
            _note("There is no --ckpt_path, so an untrained network is used. Pass the checkpoint that you mean.")
        return untrained

    def _path(self) -> Path | None:
        """Return the checkpoint's path if one was passed; ``best``, ``last`` and addresses are Lightning's."""
        named = self.config[self.config.subcommand].get("ckpt_path") if self.config.get("subcommand") else None
        return Path(named) if named and Path(named).is_file() else None


class Safetensors(TorchCheckpointIO):
    """Give the trainer what a ``.safetensors`` of ours holds."""

    def load_checkpoint(
        self, path: str | Path, map_location: Callable[..., Any] | None = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read the weights; nothing in such files can be executed."""
        checkpoint = read_checkpoint(Path(path))
        return as_lightning(checkpoint.weights, checkpoint.arguments)


@rank_zero_only
def _note(line: str) -> None:
    print(f"lightning: {line}", file=sys.stderr)  # noqa: T201 - for the user, whatever the log's level
