"""The `deblur` command: one file or folder a subcommand, imported only when that subcommand runs.

A subcommand ``deblur some-name`` is the function ``some_name`` of ``commands/some_name.py`` (or of the folder
``commands/some_name/``). Its arguments are what the command line takes, read and checked by Typer; its docstring is the
help; it returns the exit status, or None for 0. Neither torch nor Lightning nor rich may be imported at module level
there: `deblur --help` answers at once. Files that begin with an underscore are no subcommands.
"""

from deblur_lightning.commands._main import main

__all__ = ["main"]
