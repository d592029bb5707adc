"""Arguments of `deblur`: finds the subcommands, hands over to the one asked for."""

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence

import deblur_lightning.app as app


def subcommands() -> list[str]:
    """List the subcommands: the files beside this one."""
    return sorted(module.name for module in pkgutil.iter_modules(app.__path__) if module.name != "main")


def parser() -> argparse.ArgumentParser:
    """Build the parser of every subcommand."""
    top = argparse.ArgumentParser(prog="deblur", description="See each pixel's motion, then undo it.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for name in subcommands():
        command = importlib.import_module(f"deblur_lightning.app.{name}")
        summary, _, _ = (command.__doc__ or "").partition("\n")
        sub = commands.add_parser(name.replace("_", "-"), help=summary, description=command.__doc__)
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    return top


def main(argv: Sequence[str] | None = None) -> None:
    """Run one subcommand; an error a user can mend is one line on stderr and exit status 1."""
    arguments = parser().parse_args(argv)
    try:
        status = arguments.run(arguments)
    except (ValueError, OSError) as error:
        sys.exit(f"deblur: {error}")
    except KeyboardInterrupt:
        sys.exit("deblur: stopped; files already written are whole.")
    sys.exit(status)
