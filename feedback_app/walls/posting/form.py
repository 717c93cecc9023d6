"""Everything a person may type, and its limits."""

from collections.abc import Iterable
from typing import NamedTuple

from werkzeug.datastructures import MultiDict
from wtforms import Form, HiddenField, StringField, TextAreaField

from ...models import Wall
from ...models.feedback import NAME_CODE_POINTS, NAME_LENGTH, TEXT_CODE_POINTS, TEXT_LENGTH
from ...text.messages import Message
from ...web.forms import TextValidator


def _name(missing: str | None) -> TextValidator:
    return TextValidator(missing=missing, most=NAME_LENGTH, most_code_points=NAME_CODE_POINTS, lines=False)


# By whether the wall asks for a name.
NAMES = {
    "required": _name(Message("Enter your name, or any name you like.")),
    "optional": _name(None),
    "never": _name(None),
}
TEXT = TextValidator(
    missing=Message("Write a few words first."), most=TEXT_LENGTH, most_code_points=TEXT_CODE_POINTS, lines=True
)


class ValidPost(NamedTuple):
    """What a form on a wall says that is filled in as it should be."""

    name: str
    text: str
    website: str
    stamp: str
    key: str
    visitor: str

    @classmethod
    def of(cls, fields: MultiDict[str, str], wall: Wall) -> "ValidPost":
        """Raises Unfit; which field that is about, and what else is wrong, the form itself can say."""
        name = NAMES[wall.names].of(fields.getlist("name") if wall.names != "never" else ())
        others = (fields.get(each, "") for each in ("website", "stamp", "key", "visitor"))
        return cls(name, TEXT.of(fields.getlist("text")), *others)


class Composer(Form):
    """The form on a wall. `stamp` and `key` are its own; `website` is hidden from people and filled in by robots."""

    name = StringField("Name")
    text = TextAreaField("Feedback", [TEXT])
    website = StringField(Message("Leave this empty"))
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
