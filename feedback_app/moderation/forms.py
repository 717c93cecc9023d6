"""Everything a person may type, and its limits."""

import re

from wtforms import Field, Form, StringField, TextAreaField, ValidationError

from ..models.act import UNDO
from ..models.act import VERBS as ACT_VERBS
from ..models.feedback import TEXT_CODE_POINTS, TEXT_LENGTH
from ..web.forms import TextValidator

MOST_AT_ONCE = 200
NUMBER = re.compile(r"[0-9]{1,18}")


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
        "Answer", [TextValidator(missing=None, most=TEXT_LENGTH, most_code_points=TEXT_CODE_POINTS, lines=True)]
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
