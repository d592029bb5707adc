"""Scripts of experiments/, as modules."""

import importlib.util
from pathlib import Path

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


def load_script(name):
    """Load a script by its path in experiments/, such as ``free/mean.py``."""
    path = EXPERIMENTS / name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
