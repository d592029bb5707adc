"""What a command prints by itself, harmless to a terminal whatever a file is called."""

from __future__ import annotations

import typer

from deblur_lightning.sentences import harmless


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print a text as `typer.echo` does, control characters in it as escapes; its lines and tabs stay."""
    typer.echo(harmless(text), err=err, nl=nl)
