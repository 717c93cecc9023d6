"""Everything a person may type, and its limits."""

import re
from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import parse_qsl

from quart import abort, request
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, HiddenField, StringField, TextAreaField, ValidationError

from .models import Wall
from .models.act import UNDO
from .models.act import VERBS as ACT_VERBS
from .models.feedback import NAME_CODE_POINTS, NAME_LENGTH, TEXT_CODE_POINTS, TEXT_LENGTH
from .sentences import Sentence
from .words import Unfit, clean, is_blank, printable

FIELDS = 40
MOST_AT_ONCE = 200
NUMBER = re.compile(r"[0-9]{1,18}")
NO_FORM = Sentence("This is not a form that the wall can read. Use the form on the wall's own page.")


async def read_form(most: int = FIELDS) -> MultiDict[str, str]:
    """The fields of a form as they were sent; bytes that are no UTF-8 become lone surrogates, which no field takes."""
    if request.mimetype != "application/x-www-form-urlencoded" or "Content-Encoding" in request.headers:
        abort(415, NO_FORM)
    body = cast("bytes", await request.get_data(as_text=False)).decode("ascii", "surrogateescape")
    try:
        return MultiDict(parse_qsl(body, keep_blank_values=True, errors="surrogateescape", max_num_fields=most))
    except ValueError:
        abort(413, Sentence("This form has more than %(most)s fields. Use the form on the wall's own page.", most=most))


class Words:
    """A WTForms validator that puts clean words into the field, or says what is wrong with what was typed.

    `missing` is the sentence for nothing at all, None where that is as good as words.
    """

    def __init__(self, *, missing: str | None, most: int, most_code_points: int, lines: bool) -> None:
        self.missing, self.most, self.most_code_points, self.lines = missing, most, most_code_points, lines

    def __call__(self, form: Form, field: Any) -> None:
        typed: list[str] = field.raw_data or []
        # A repeated field is refused, but none of its words are lost.
        field.data = printable("\n".join(typed))
        if len(typed) > 1:
            raise ValidationError(Sentence("This arrived more than once. Check it and send it again."))
        try:
            words = clean(
                typed[0] if typed else "", most=self.most, most_code_points=self.most_code_points, lines=self.lines
            )
        except Unfit as fault:
            raise ValidationError(fault.sentence) from fault
        if is_blank(words):
            if self.missing is not None:
                raise ValidationError(self.missing)
            words = ""
        field.data = words


class Composer(Form):
    """The form on a wall. `stamp` and `key` are its own; `website` is hidden from people and filled in by robots."""

    name = StringField("Name")
    text = TextAreaField(
        "Feedback",
        [
            Words(
                missing=Sentence("Write a few words first."),
                most=TEXT_LENGTH,
                most_code_points=TEXT_CODE_POINTS,
                lines=True,
            )
        ],
    )
    website = StringField(Sentence("Leave this empty"))
    stamp = HiddenField()
    key = HiddenField()

    text_length = TEXT_LENGTH

    @classmethod
    def on(cls, wall: Wall, fields: MultiDict[str, str] | None = None) -> "Composer":
        """The form as this wall has it: with a name that is required or not; one that is not asked for is not taken."""
        form = cls(fields)
        missing = Sentence("Enter your name, or any name you like.") if wall.names == "required" else None
        form.name.validators = [
            Words(missing=missing, most=NAME_LENGTH, most_code_points=NAME_CODE_POINTS, lines=False)
        ]
        if wall.names == "never":
            form.name.raw_data, form.name.data = [], ""
        return form

    @property
    def first_fault(self) -> str | None:
        """The name of the first field that has a sentence to its fault."""
        return next((name for name in self._typed() if self.errors.get(name)), None)

    def _typed(self) -> Iterable[str]:
        return ("name", "text")


class Numbers(Field):
    """A repeated field of numbers; what is no number becomes 0, which nothing has."""

    data: list[int]

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [int(each) if NUMBER.fullmatch(each) else 0 for each in dict.fromkeys(valuelist)]


class Acting(Form):
    """What a moderator asks for: a verb with one or many entries, or the act to be undone."""

    verb = StringField()
    feedback = Numbers()
    act = Numbers()
    text = TextAreaField(
        "Answer", [Words(missing=None, most=TEXT_LENGTH, most_code_points=TEXT_CODE_POINTS, lines=True)]
    )

    def validate_verb(self, field: StringField) -> None:
        if len(field.raw_data or []) != 1 or field.data not in (*ACT_VERBS, UNDO):
            raise ValidationError(f"There is no such act. There are {', '.join(ACT_VERBS)} and {UNDO}.")

    def validate_feedback(self, field: Numbers) -> None:
        if self.verb.data == UNDO:
            return
        if not field.data:
            raise ValidationError("Tick at least one entry first. Nothing was done.")
        if len(field.data) > MOST_AT_ONCE:
            raise ValidationError(
                f"These are {len(field.data):,} entries, and {MOST_AT_ONCE} can be acted on at once. Nothing was done."
            )

    def validate_act(self, field: Numbers) -> None:
        if self.verb.data == UNDO and len(field.data) != 1:
            raise ValidationError("Say which one act is to be undone. Nothing was done.")

    @property
    def fault(self) -> str:
        """The first sentence of what is wrong."""
        return str(next(sentence for field in self for sentence in field.errors))
