"""Arguments of `deblur`: finds the subcommands, hands over to the one asked for."""

import argparse
import difflib
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from importlib import metadata

import deblur_lightning.app as app


def subcommands() -> list[str]:
    """List the subcommands, as typed: the files beside this one."""
    names = (module.name for module in pkgutil.iter_modules(app.__path__))
    return sorted(name.replace("_", "-") for name in names if name != "main" and not name.startswith("_"))


def parser() -> argparse.ArgumentParser:
    """Build the parser of every subcommand."""
    top = argparse.ArgumentParser(
        prog="deblur",
        description="See each pixel's motion, then undo it.",
        epilog="`deblur COMMAND --help` tells a command's options; `lightning --help` is for training.",
    )
    top.add_argument("--version", action="version", version=f"deblur-lightning {metadata.version('deblur-lightning')}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for name in subcommands():
        command = importlib.import_module(f"deblur_lightning.app.{name.replace('-', '_')}")
        summary, _, _ = (command.__doc__ or "").partition("\n")
        sub = commands.add_parser(
            name, help=summary, description=command.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    return top


def unknown_command(argv: Sequence[str]) -> str | None:
    """Say what is wrong with a mistyped subcommand, and which one it looks like."""
    names = subcommands()
    if not argv or argv[0].startswith("-") or argv[0] in names:
        return None
    near = difflib.get_close_matches(argv[0], names, n=1)
    remedy = f"Did you mean `deblur {near[0]}`?" if near else f"There are: {', '.join(names)}."
    return f"{argv[0]!r} is no command. {remedy}"


def main(argv: Sequence[str] | None = None) -> None:
    """Run one subcommand; an error a user can mend is one line on stderr and exit status 1 (2: of arguments)."""
    argv = sys.argv[1:] if argv is None else argv
    front = parser()
    if wrong := unknown_command(argv):
        front.error(wrong)
    arguments = front.parse_args(argv)
    try:
        status = arguments.run(arguments)
    except (ValueError, OSError) as error:
        from deblur_lightning.jobs.sentences import sentence

        sys.exit(f"deblur: {sentence(error)}")
    except KeyboardInterrupt:
        sys.exit("deblur: stopped; files already written are whole.")
    sys.exit(status)
