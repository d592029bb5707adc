"""What Lightning says that no user of ours can mend or needs."""

import logging
import warnings


def quiet_lightning() -> None:
    """Leave out Lightning 2.6's own deprecations on newer PyTorch, and its advertisement."""
    warnings.filterwarnings("ignore", r".isinstance\(treespec, LeafSpec\)", FutureWarning)
    warnings.filterwarnings("ignore", "Checkpoint directory .* exists and is not empty")  # as on every resume in place
    logging.getLogger("pytorch_lightning.utilities.rank_zero").addFilter(_needed)


def _needed(record: logging.LogRecord) -> bool:
    return "litlogger" not in record.getMessage()
