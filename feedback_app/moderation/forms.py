"""The form of an act, with its limits."""

from wtforms import Field, Form, StringField, TextAreaField, ValidationError

from ..models.act import UNDO
from ..models.act import VERBS as ACT_VERBS
from ..models.feedback import TEXT_CODE_POINTS, TEXT_LENGTH
from ..text.numbers import parse_id
from ..web.forms import TextValidator

MOST_ENTRIES = 200


class Numbers(Field):
    """A repeated field of ids. An invalid one becomes 0, which no row has."""

    data: list[int]

    def process_formdata(self, valuelist: list[str]) -> None:
        """Called by WTForms with the raw values."""
        self.data = [parse_id(each) or 0 for each in dict.fromkeys(valuelist)]


class ActForm(Form):
    """A verb with one or more entries (`feedback`), or `undo` with one `act`."""

    verb = StringField()
    feedback = Numbers()
    act = Numbers()
    text = TextAreaField(
        "Answer", [TextValidator(missing=None, most=TEXT_LENGTH, most_code_points=TEXT_CODE_POINTS, lines=True)]
    )

    def validate_verb(self, field: StringField) -> None:
        """Raises ValidationError for a verb that does not exist."""
        if len(field.raw_data or []) != 1 or field.data not in (*ACT_VERBS, UNDO):
            raise ValidationError(f"There is no such act. There are {', '.join(ACT_VERBS)} and {UNDO}.")

    def validate_feedback(self, field: Numbers) -> None:
        """Raises ValidationError for no entries, or more than MOST_ENTRIES."""
        if self.verb.data == UNDO:
            return
        if not field.data:
            raise ValidationError("Tick at least one entry first. Nothing was done.")
        if len(field.data) > MOST_ENTRIES:
            raise ValidationError(
                f"These are {len(field.data):,} entries, and {MOST_ENTRIES} can be acted on at once. Nothing was done."
            )

    def validate_act(self, field: Numbers) -> None:
        """Raises ValidationError if an undo names no act, or several."""
        if self.verb.data == UNDO and len(field.data) != 1:
            raise ValidationError("Say which one act is to be undone. Nothing was done.")

    def validate_text(self, field: TextAreaField) -> None:
        """Raises ValidationError if the field of the answer is missing."""
        # An empty answer removes the stored one. A missing field must not.
        if self.verb.data == "answer" and not field.raw_data:
            raise ValidationError("Send the words of the answer along, or none to take it back. Nothing was done.")

    @property
    def fault(self) -> str:
        """The first error, as a sentence."""
        return str(next(sentence for field in self for sentence in field.errors))
