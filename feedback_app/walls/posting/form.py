"""The post form and its validation: name, text, honeypot, form token, idempotency key."""

from collections.abc import Iterable
from typing import NamedTuple

from werkzeug.datastructures import MultiDict
from wtforms import Form, HiddenField, StringField, TextAreaField

from ...models import Wall
from ...models.base import NameRule
from ...models.feedback import NAME_CODE_POINTS, NAME_LENGTH, TEXT_CODE_POINTS, TEXT_LENGTH
from ...text.messages import Message
from ...web.forms import TextValidator


def _name(missing: str | None) -> TextValidator:
    return TextValidator(missing=missing, most=NAME_LENGTH, most_code_points=NAME_CODE_POINTS, lines=False)


# By the wall's setting for names.
NAMES: dict[str, TextValidator] = {
    NameRule.REQUIRED: _name(Message("Enter your name, or any name you like.")),
    NameRule.OPTIONAL: _name(None),
    NameRule.NEVER: _name(None),
}
TEXT = TextValidator(
    missing=Message("Write a few words first."), most=TEXT_LENGTH, most_code_points=TEXT_CODE_POINTS, lines=True
)


class ValidPost(NamedTuple):
    """The values of a valid post form. `website` is the honeypot, `stamp` the form token, `key` the idempotency key.

    `visitor` is the visitor's key or token.
    """

    name: str
    text: str
    website: str
    stamp: str
    key: str
    visitor: str

    @classmethod
    def of(cls, fields: MultiDict[str, str], wall: Wall) -> "ValidPost":
        """Raises InvalidText for the first invalid field; `Composer` has the message for each field."""
        name = NAMES[wall.names].of(fields.getlist("name") if wall.names != NameRule.NEVER else ())
        others = (fields.get(each, "") for each in ("website", "stamp", "key", "visitor"))
        return cls(name, TEXT.of(fields.getlist("text")), *others)


class Composer(Form):
    """The post form: `stamp` is the form token, `key` the idempotency key, `website` the honeypot that bots fill in."""

    name = StringField("Name")
    text = TextAreaField("Feedback", [TEXT])
    website = StringField(Message("Leave this empty"))
    stamp = HiddenField()
    key = HiddenField()

    text_length = TEXT_LENGTH

    @classmethod
    def on(cls, wall: Wall, fields: MultiDict[str, str]) -> "Composer":
        """The form with the wall's setting for names; a name that the wall does not ask for is dropped."""
        form = cls(fields)
        form.name.validators = [NAMES[wall.names]]
        if wall.names == NameRule.NEVER:
            form.name.raw_data, form.name.data = [], ""
        return form

    @property
    def first_fault(self) -> str | None:
        """The name of the first field with an error, None without one."""
        return next((name for name in self._typed() if self.errors.get(name)), None)

    def _typed(self) -> Iterable[str]:
        return ("name", "text")
