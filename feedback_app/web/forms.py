"""Everything a person may type, and its limits."""

from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import parse_qsl

from quart import abort, request
from werkzeug.datastructures import MultiDict
from wtforms import Form, ValidationError

from ..text.cleaning import InvalidText, clean, is_blank, printable
from ..text.messages import Message

URLENCODED = "application/x-www-form-urlencoded"
FIELDS = 40
NO_FORM = Message("This is not a form that the wall can read. Use the form on the wall's own page.")


async def read_form(most: int = FIELDS) -> MultiDict[str, str]:
    """The fields of a form as they were sent; bytes that are no UTF-8 become lone surrogates, which no field takes."""
    if request.mimetype != URLENCODED or "Content-Encoding" in request.headers:
        abort(415, NO_FORM)
    try:
        return fields_of(cast("bytes", await request.get_data(as_text=False)), most)
    except ValueError:
        abort(413, Message("This form has more than %(most)s fields. Use the form on the wall's own page.", most=most))


def fields_of(body: bytes, most: int = FIELDS) -> MultiDict[str, str]:
    """The fields in a body of that type. Raises ValueError where there are more."""
    text = body.decode("ascii", "surrogateescape")
    return MultiDict(parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=most))


class TextValidator:
    """A WTForms validator that puts clean words into the field, or says what is wrong with what was typed.

    `missing` is the sentence for nothing at all, None where that is as good as words.
    """

    def __init__(self, *, missing: str | None, most: int, most_code_points: int, lines: bool) -> None:
        self.missing, self.most, self.most_code_points, self.lines = missing, most, most_code_points, lines

    def __call__(self, form: Form, field: Any) -> None:
        typed: list[str] = field.raw_data or []
        try:
            field.data = self.of(typed)
        except InvalidText as fault:
            # A repeated field is refused, but none of its words are lost.
            field.data = printable("\n".join(typed))
            raise ValidationError(fault.sentence) from fault

    def of(self, typed: Sequence[str]) -> str:
        """The words, clean, of a field that was sent so many times. Raises Unfit."""
        if len(typed) > 1:
            raise InvalidText(Message("This arrived more than once. Check it and send it again."))
        words = clean(
            typed[0] if typed else "", most=self.most, most_code_points=self.most_code_points, lines=self.lines
        )
        if not is_blank(words):
            return words
        if self.missing is not None:
            raise InvalidText(self.missing)
        return ""
