"""The front of `deblur`: finds the subcommand that is named, and says in one line what is wrong."""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import deblur_lightning.commands as commands
from deblur_lightning.commands._ending import ended_by_signals
from deblur_lightning.patience import wait_asleep
from deblur_lightning.sentences import harmless, sentence
from deblur_lightning.terminal import drop_output, naming_output, print_any_name


def subcommands() -> list[str]:
    """List the subcommands, as typed: the files and folders beside this one."""
    names = (module.name for module in pkgutil.iter_modules(commands.__path__))
    return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))


def load_subcommand(name: str) -> TyperCommand:
    """Import one subcommand and let Typer read its function's signature."""
    function = name.replace("-", "_")
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(name, cls=Subcommand)(
        getattr(importlib.import_module(f"deblur_lightning.commands.{function}"), function)
    )
    command = typer.main.get_command(app)
    assert isinstance(command, TyperCommand)  # noqa: S101 - for the type checker: an app of one function is one
    return command


class Subcommand(TyperCommand):
    """One of the commands; no argument of any is empty. The context's ``obj`` is what was typed behind the name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - of Typer's own
        for before, one in zip(("", *args), args, strict=False):
            joined = one.startswith("--") and one.endswith("=")
            option = one[:-1] if joined else before
            if (joined or not one) and option != "--suffix":  # which may be empty
                what = f"what follows {option}" if option else "the first argument"
                said = f"{what} is empty, as a variable without a value. Write it, or leave it out."
                raise typer.BadParameter(said, ctx)
        ctx.obj = tuple(args)
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            dashed = next((one for one in ctx.obj if one.startswith("-") and os.path.lexists(one)), None)
            if dashed and error.format_message().startswith("No such option"):
                said = f"{dashed} is taken for an option, for it begins with a dash. Write ./{dashed}."
                raise typer.BadParameter(said, ctx) from None
            if getattr(error, "ctx", None) is None:  # as of an option without its value: whose help lists it?
                error.ctx = ctx  # type: ignore[attr-defined]
            raise


class Subcommands(TyperGroup):
    """The subcommands, each imported when it is asked for: all of them by `deblur --help` alone."""

    def list_commands(self, ctx: object) -> list[str]:
        self.commands = dict.fromkeys(subcommands())  # type: ignore[assignment] # Typer suggests one of these names
        return list(self.commands)

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | None:
        return load_subcommand(cmd_name) if cmd_name in self.list_commands(ctx) else None


def _print_version(asked: bool) -> None:
    if asked:
        from importlib import metadata

        typer.echo(f"deblur-lightning {metadata.version('deblur-lightning')}")
        raise typer.Exit


@functools.cache
def front() -> TyperGroup:
    """Build the command that all subcommands are under."""
    app = typer.Typer(
        cls=Subcommands,
        rich_markup_mode=None,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="`deblur COMMAND --help` lists a command's options; `lightning --help` is for training.",
    )

    @app.callback()
    def deblur(
        version: Annotated[
            bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
        ] = False,
    ) -> None:
        """See each pixel's motion, then undo it."""

    return typer.main.get_group(app)


def mistake(error: typer.TyperException) -> str:
    """Say what is wrong with the arguments: the value first, then the limit, then where to look."""
    said, context = error.format_message(), getattr(error, "ctx", None)
    if isinstance(error, typer.BadParameter) and error.message:
        said = error.message.removeprefix("Value error, ")
        found = getattr(error.__cause__, "errors", None)  # pydantic's, where Typer asked it
        wrong = found()[0] if found else {"msg": ""}
        value, not_one_of, choices = said.partition(" is not one of ")
        if error.param and wrong["msg"].startswith("Input should"):
            limit = wrong["msg"].removeprefix("Input ").partition(", unable to ")[0]
            said = f"{error.param.opts[-1]} is {wrong['input']}, but it {limit}"
        elif error.param and not_one_of:
            said = f"{error.param.opts[-1]} is {value}, but it should be one of {choices}"
    path = context.command_path if context else "deblur"
    remedy = "" if said.endswith("?") else f" See `{path} --help`."
    return f"{path}: {said if said.endswith(('.', '?')) else f'{said}.'}{remedy}"


def as_typed(said: str, arguments: Sequence[str]) -> str:
    """Call an argument by the option that was typed: ``--kernel-size is 4`` for ``kernel_size is 4``."""
    name, blank, rest = said.partition(" ")
    option = f"--{name.replace('_', '-')}"
    typed = any(one == option or one.startswith(f"{option}=") for one in arguments)
    own = rest.startswith(("is ", "are ")) and name not in arguments  # and not a file of that name
    return f"{option}{blank}{rest}" if typed and own else said


def main(argv: Sequence[str] | None = None) -> None:
    """Run one subcommand; an error a user can fix is one line on stderr and exit status 1 (2: of arguments).

    After Ctrl-C the status is 130.
    """
    command = front()
    wait_asleep()
    print_any_name()
    try:
        with (
            ended_by_signals(),
            naming_output(),
            command.make_context("deblur", list(sys.argv[1:] if argv is None else argv)) as context,
        ):
            status = command.invoke(context)
    except typer.Exit as end:
        status = end.exit_code
    except typer.TyperException as error:
        sys.stderr.write(f"{harmless(mistake(error))}\n")
        status = error.exit_code
    except BrokenPipeError:
        drop_output()
        status = 1
    except (ValueError, OSError) as error:
        sys.exit(harmless(f"deblur: {as_typed(sentence(error), sys.argv[1:] if argv is None else argv)}"))
    except KeyboardInterrupt:
        sys.stderr.write("deblur: stopped; files already written are whole.\n")
        status = 128 + signal.SIGINT
    sys.exit(status or 0)
