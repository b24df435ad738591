"""A parser that names the right word for a mistyped one, beside that command's usage."""

from __future__ import annotations

import argparse
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Commands = argparse._SubParsersAction["Parser"]  # noqa: SLF001  (argparse has no other name)


class Parser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` whose refusals suggest what was meant."""

    def parse(self, arguments: Sequence[str] | None = None) -> argparse.Namespace:
        """Return the options; what is unknown is refused by the command it was given to."""
        options, unknown = self.parse_known_args(arguments)
        if unknown:
            command = self._command(options.command)
            # Of ``--unti=7`` the value is not what was mistyped.
            word = unknown[0].partition("=")[0]
            command.error(f"unknown: {unknown[0]}{_suggestion(word, command.options())}")
        return options

    def options(self) -> list[str]:
        """Return the option strings there are, such as ``--label``."""
        return list(self._option_string_actions)

    def error(self, message: str) -> NoReturn:
        """Print the usage and why, with the nearest of the choices, and exit with 2."""
        wrong = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if wrong:
            message += _suggestion(wrong[1], re.split(r"[', ]+", wrong[2]))
        super().error(message)

    def _command(self, name: str) -> Parser:
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  (argparse names it nowhere else)
                found = action.choices[name]
                assert isinstance(found, Parser)  # noqa: S101  (a subparser has its parser's class)
                return found
        return self


def _suggestion(word: str, words: Iterable[str]) -> str:
    """Return a question that names the word most like another, or nothing."""
    near = get_close_matches(word, list(words), n=1)
    return f"; did you mean {near[0]}?" if near else ""
