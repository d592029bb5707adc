"""Checkpoints that are either whole or not there."""

import os
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO

from deblur_lightning.whole_file import os_error, whole_file


class WholeFileCheckpoints(TorchCheckpointIO):
    """Write checkpoints under a temporary name in their own folder, then rename.

    Lightning writes to the system's temporary folder and moves: between two file systems that is a copy, which a kill
    or a full disk cuts short under the final name, and the temporary folder may be too small for what the target holds.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: object = None) -> None:
        """Save to a path; addresses of remote stores are left to Lightning.

        Raises:
            OSError: the disk is full or the folder cannot be written to; what was there before is still whole.
        """
        if "://" in str(path):
            super().save_checkpoint(checkpoint, path, storage_options)
            return
        try:
            with whole_file(path) as part, part.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
        except (OSError, RuntimeError) as error:  # torch reports a disk that fills up as either
            cause = os_error(error)
            if cause is None:
                raise
            raise OSError(
                f"{path}: the checkpoint cannot be written ({cause.strerror}), but earlier ones are whole. "
                "Make room or choose another folder, then resume from the last one with --ckpt_path."
            ) from error
