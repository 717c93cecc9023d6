"""Translatable messages (i18n): written in English where they arise, translated when a page is rendered."""

from typing import Any


class Message(str):
    """An English sentence that keeps its pattern and values, so that `translate` can render it in another language.

    `Message("At most %(most)s characters.", most=80)`. Integers are formatted by the rules of the language.
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
        """A message with singular and plural (gettext's ngettext); `%(num)s` stands for the number."""
        return cls._make(one, many, number, {"num": number, **values})

    @classmethod
    def _make(cls, pattern: str, plural: str, number: int, values: dict[str, Any]) -> "Message":
        chosen = plural if plural and number != 1 else pattern
        sentence = super().__new__(cls, chosen % {name: _english(value) for name, value in values.items()})
        sentence.pattern, sentence.plural, sentence.number, sentence.values = pattern, plural, number, values
        return sentence


def _english(value: Any) -> Any:
    return f"{value:,}" if isinstance(value, int) else value
