"""Sentences for visitors: written in English where they are needed, and said in the wall's language at the door."""

from typing import Any


class Message(str):
    """An English sentence that knows its pattern and what was put into it, so that it can be said in other languages.

    `Message("At most %(most)s characters.", most=80)`. Whole numbers are written as the language writes them.
    """

    __slots__ = ("number", "pattern", "plural", "values")

    pattern: str
    plural: str
    number: int
    values: dict[str, Any]

    def __new__(cls, pattern: str, **values: Any) -> "Message":
        return cls._make(pattern, "", 1, values)

    @classmethod
    def counted(cls, one: str, many: str, number: int, **values: Any) -> "Message":
        """A sentence that is another one for one thing than for many; the number is `%(num)s` in it."""
        return cls._make(one, many, number, {"num": number, **values})

    @classmethod
    def _make(cls, pattern: str, plural: str, number: int, values: dict[str, Any]) -> "Message":
        chosen = plural if plural and number != 1 else pattern
        sentence = super().__new__(cls, chosen % {name: _english(value) for name, value in values.items()})
        sentence.pattern, sentence.plural, sentence.number, sentence.values = pattern, plural, number, values
        return sentence


def _english(value: Any) -> Any:
    return f"{value:,}" if isinstance(value, int) else value
