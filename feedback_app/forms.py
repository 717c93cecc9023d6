"""Everything a person may type, and its limits."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast
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

URLENCODED = "application/x-www-form-urlencoded"
FIELDS = 40
MOST_AT_ONCE = 200
NUMBER = re.compile(r"[0-9]{1,18}")
NO_FORM = Sentence("This is not a form that the wall can read. Use the form on the wall's own page.")


async def read_form(most: int = FIELDS) -> MultiDict[str, str]:
    """The fields of a form as they were sent; bytes that are no UTF-8 become lone surrogates, which no field takes."""
    if request.mimetype != URLENCODED or "Content-Encoding" in request.headers:
        abort(415, NO_FORM)
    try:
        return fields_of(cast("bytes", await request.get_data(as_text=False)), most)
    except ValueError:
        abort(413, Sentence("This form has more than %(most)s fields. Use the form on the wall's own page.", most=most))


def fields_of(body: bytes, most: int = FIELDS) -> MultiDict[str, str]:
    """The fields in a body of that type. Raises ValueError where there are more."""
    text = body.decode("ascii", "surrogateescape")
    return MultiDict(parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=most))


class Words:
    """A WTForms validator that puts clean words into the field, or says what is wrong with what was typed.

    `missing` is the sentence for nothing at all, None where that is as good as words.
    """

    def __init__(self, *, missing: str | None, most: int, most_code_points: int, lines: bool) -> None:
        self.missing, self.most, self.most_code_points, self.lines = missing, most, most_code_points, lines

    def __call__(self, form: Form, field: Any) -> None:
        typed: list[str] = field.raw_data or []
        try:
            field.data = self.of(typed)
        except Unfit as fault:
            # A repeated field is refused, but none of its words are lost.
            field.data = printable("\n".join(typed))
            raise ValidationError(fault.sentence) from fault

    def of(self, typed: Sequence[str]) -> str:
        """The words, clean, of a field that was sent so many times. Raises Unfit."""
        if len(typed) > 1:
            raise Unfit(Sentence("This arrived more than once. Check it and send it again."))
        words = clean(
            typed[0] if typed else "", most=self.most, most_code_points=self.most_code_points, lines=self.lines
        )
        if not is_blank(words):
            return words
        if self.missing is not None:
            raise Unfit(self.missing)
        return ""


def _name(missing: str | None) -> Words:
    return Words(missing=missing, most=NAME_LENGTH, most_code_points=NAME_CODE_POINTS, lines=False)


# By whether the wall asks for a name.
NAMES = {
    "required": _name(Sentence("Enter your name, or any name you like.")),
    "optional": _name(None),
    "never": _name(None),
}
TEXT = Words(
    missing=Sentence("Write a few words first."), most=TEXT_LENGTH, most_code_points=TEXT_CODE_POINTS, lines=True
)


class Filled(NamedTuple):
    """What a form on a wall says that is filled in as it should be."""

    name: str
    text: str
    website: str
    stamp: str
    key: str
    visitor: str

    @classmethod
    def of(cls, fields: MultiDict[str, str], wall: Wall) -> "Filled":
        """Raises Unfit; which field that is about, and what else is wrong, the form itself can say."""
        name = NAMES[wall.names].of(fields.getlist("name") if wall.names != "never" else ())
        others = (fields.get(each, "") for each in ("website", "stamp", "key", "visitor"))
        return cls(name, TEXT.of(fields.getlist("text")), *others)


class Composer(Form):
    """The form on a wall. `stamp` and `key` are its own; `website` is hidden from people and filled in by robots."""

    name = StringField("Name")
    text = TextAreaField("Feedback", [TEXT])
    website = StringField(Sentence("Leave this empty"))
    stamp = HiddenField()
    key = HiddenField()

    text_length = TEXT_LENGTH

    @classmethod
    def on(cls, wall: Wall, fields: MultiDict[str, str]) -> "Composer":
        """The form as this wall has it: with a name that is required or not; one that is not asked for is not taken."""
        form = cls(fields)
        form.name.validators = [NAMES[wall.names]]
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

    def validate_text(self, field: TextAreaField) -> None:
        # Empty words take an answer back. A field that was forgotten must not.
        if self.verb.data == "answer" and not field.raw_data:
            raise ValidationError("Send the words of the answer along, or none to take it back. Nothing was done.")

    @property
    def fault(self) -> str:
        """The first sentence of what is wrong."""
        return str(next(sentence for field in self for sentence in field.errors))
