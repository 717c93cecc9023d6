"""Form parsing and the WTForms validator for text fields, with their limits."""

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
    """The request's form fields. Invalid UTF-8 becomes lone surrogates, which no field accepts.

    Aborts with 415 for another content type and with 413 for more than `most` fields.
    """
    if request.mimetype != URLENCODED or "Content-Encoding" in request.headers:
        abort(415, NO_FORM)
    try:
        return fields_of(cast("bytes", await request.get_data(as_text=False)), most)
    except ValueError:
        abort(413, Message("This form has more than %(most)s fields. Use the form on the wall's own page.", most=most))


def fields_of(body: bytes, most: int = FIELDS) -> MultiDict[str, str]:
    """The fields of a URL-encoded body. Raises ValueError when there are more than `most`."""
    text = body.decode("ascii", "surrogateescape")
    return MultiDict(parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=most))


class TextValidator:
    """A WTForms validator that replaces `field.data` with the cleaned text.

    `missing` is the message for an empty field, None when the field is optional. `most` limits the characters as people
    count them, `most_code_points` the code points; `lines` allows line breaks.
    """

    def __init__(self, *, missing: str | None, most: int, most_code_points: int, lines: bool) -> None:
        self.missing, self.most, self.most_code_points, self.lines = missing, most, most_code_points, lines

    def __call__(self, form: Form, field: Any) -> None:
        """Raises WTForms' ValidationError with the message for the visitor."""
        values: list[str] = field.raw_data or []
        try:
            field.data = self.of(values)
        except InvalidText as fault:
            # A repeated field is rejected, but the form shows all of its text again.
            field.data = printable("\n".join(values))
            raise ValidationError(fault.sentence) from fault

    def of(self, values: Sequence[str]) -> str:
        """The cleaned text of a field with these values. Raises InvalidText, also for more than one value."""
        if len(values) > 1:
            raise InvalidText(Message("This arrived more than once. Check it and send it again."))
        text = clean(
            values[0] if values else "", most=self.most, most_code_points=self.most_code_points, lines=self.lines
        )
        if not is_blank(text):
            return text
        if self.missing is not None:
            raise InvalidText(self.missing)
        return ""
