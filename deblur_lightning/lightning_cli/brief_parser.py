"""Arguments of `lightning`, whose mistakes are answered in one line."""

from typing import NoReturn

from pytorch_lightning.cli import LightningArgumentParser

from deblur_lightning.jobs.sentences import brief


class BriefParser(LightningArgumentParser):
    """Lightning's parser without the fifty lines of usage and the quoted values before what is wrong."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Print one line and leave with status 2; parsers that jsonargparse only tries raise as ever."""
        if not self.exit_on_error:
            super().error(message, ex)
        parser = getattr(ex, "subcommand_parser", None) or self
        known = [name for action in parser._actions for name in (action.dest, *action.option_strings)]
        self.exit(2, f"lightning: {brief(message, known)}\n")
