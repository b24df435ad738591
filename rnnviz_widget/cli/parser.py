"""A parser that names the right word for a mistyped one, and help that says all defaults."""

from __future__ import annotations

import argparse
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Commands = argparse._SubParsersAction["Parser"]  # noqa: SLF001  (argparse has no other name)


class HelpFormatter(argparse.HelpFormatter):
    """Says the default of each option that has one, and leaves the lines of examples as they are.

    `argparse.ArgumentDefaultsHelpFormatter` would say "(default: None)" of options that have none.
    """

    def _get_help_string(self, action: argparse.Action) -> str | None:
        said = action.help or ""
        # False and 0 are equal, and of an option with a number 0 is a default.
        none = action.default is None or action.default is False or action.default in ("", [])
        hidden = action.default == argparse.SUPPRESS or not action.option_strings
        if none or hidden or "default" in said:
            return said
        return f"{said} (default: %(default)s)"

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return text
        return super()._fill_text(text, width, indent)


class Parser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` whose refusals suggest what was meant."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  (argparse's own)
        super().__init__(**{"formatter_class": HelpFormatter, **options})
        self._given: list[str] = []

    # argparse declares a form for each kind of namespace.
    def parse_known_args(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        namespace: Any = None,  # noqa: ANN401
    ) -> tuple[argparse.Namespace, list[str]]:
        """Do what argparse does, and remember what was given: `error` may have to name it."""
        self._given = list(args or [])
        return super().parse_known_args(args, namespace)

    def parse(self, arguments: Sequence[str] | None = None) -> argparse.Namespace:
        """Return the options; what is unknown is refused by the command it was given to."""
        options, unknown = self.parse_known_args(arguments)
        if unknown:
            command = self._command(options.command)
            command.error(command.unknown(unknown[0]))
        return options

    def unknown(self, given: str) -> str:
        """Return what to say of a word that is no option of this command.

        Parameters
        ----------
        given : str
            As it was typed. Of ``--unti=7`` the value is not what was mistyped.
        """
        return f"unknown: {given}{_suggestion(given.partition('=')[0], self.options())}"

    def options(self) -> list[str]:
        """Return the option strings there are, such as ``--label``."""
        return list(self._option_string_actions)

    def error(self, message: str) -> NoReturn:
        """Print the usage and why, with the nearest of the choices, and exit with 2."""
        wrong = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if wrong:
            message += _suggestion(wrong[1], re.split(r"[', ]+", wrong[2]))
        elif "required" in message and (mistyped := self._mistyped()):
            # ``-o`` is missing since it was written ``--uot``.
            message += f"; {self.unknown(mistyped)}"
        super().error(message)

    def _mistyped(self) -> str | None:
        """Return the first word given that looks like an option and is the beginning of none."""
        for word in self._given:
            name = word.partition("=")[0]
            known = any(option.startswith(name) for option in self.options())
            if name.startswith("--") and not known:
                return word
        return None

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
