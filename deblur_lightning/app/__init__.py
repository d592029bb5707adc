"""The `deblur` command: one file a subcommand, imported only when that subcommand runs.

A subcommand ``deblur some-name`` is ``app/some_name.py`` with a first-line docstring (its help),
``add_arguments(parser)`` and ``run(arguments) -> int`` (the exit status). Neither torch nor Lightning may be
imported at its module level: `deblur --help` answers at once. Files that begin with an underscore are no
subcommands.
"""

from deblur_lightning.app.main import main

__all__ = ["main"]
