"""Forms of owners: a new wall, its address, and its settings."""

from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Form,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from ..models import Wall
from ..models.former_address import slug_fault
from ..models.wall import TITLE_LENGTH, WELCOME_LENGTH
from ..text.cleaning import printable
from ..text.messages import Message
from ..text.translation import LANGUAGES
from ..walls.choices import HOLD, NAMES, SLOW, THEMES
from ..walls.contrast import legible, six_digits
from ..walls.location import ACCENT
from ..web.forms import TextValidator
from .frame_ancestors import InvalidOrigin, parse_frame_ancestors

CHOOSE = Message("Choose one of these.")
ANY, SOME, NONE = "any", "some", "none"
EMBEDDING = ((ANY, "Any site"), (SOME, "Only these sites"), (NONE, "No site"))


def _choices(pairs: Iterable[tuple[object, str]]) -> list[Any]:
    return [SelectChoice(str(value), label) for value, label in pairs]


def _title(missing: str) -> TextValidator:
    return TextValidator(missing=missing, most=TITLE_LENGTH, most_code_points=TITLE_LENGTH, lines=False)


def _typed(text: object) -> str:
    """A WTForms filter: the input in a form that can be shown again."""
    return "" if text is None else printable(str(text))


class Address:
    """A WTForms validator for the slug in a wall's address."""

    def __call__(self, form: Form, field: Any) -> None:
        field.data = (field.data or "").strip().lower()
        if fault := slug_fault(field.data):
            raise ValidationError(fault)


class WallForm(Form):
    """A new wall. `proposed` is the address derived from the title; a different `slug` was typed."""

    title = StringField("Title", [_title("Give the wall a title.")])
    slug = StringField("Address", [Address()], filters=[_typed])
    proposed = HiddenField(filters=[_typed])


class AddressForm(Form):
    slug = StringField("New address", [Address()], filters=[_typed])


class SettingsForm(Form):
    """The settings of a wall. `arranged` is their version when the form was rendered, to detect conflicts."""

    title = StringField("Title", [_title("A wall needs a title.")])
    welcome = TextAreaField(
        "Welcome", [TextValidator(missing=None, most=WELCOME_LENGTH, most_code_points=4 * WELCOME_LENGTH, lines=True)]
    )
    language = SelectField("Language", choices=_choices(LANGUAGES.items()))
    is_closed = BooleanField("Closed: people can read, but not post")
    names = RadioField("Names", choices=_choices(NAMES))
    hold = RadioField("Moderation", choices=_choices(HOLD))
    slow_seconds = SelectField("How often one person may post", choices=_choices(SLOW), coerce=int)
    theme = RadioField("Light or dark", choices=_choices(THEMES))
    accent = StringField("Accent colour", filters=[_typed])
    embedding = RadioField("Who may embed the wall", choices=_choices(EMBEDDING))
    origins = TextAreaField("Sites, one per line", filters=[_typed])
    arranged = HiddenField(filters=[_typed])

    def __init__(self, sent: MultiDict[str, str] | None = None, *, wall: Mapping[str, Any]) -> None:
        """`wall` has the current settings, by column, for fields that are not sent."""
        embedders = wall["embedders"]
        super().__init__(
            sent,
            data={
                **wall,
                "accent": f"#{wall['accent']}" if wall["accent"] else "",
                "embedding": ANY if embedders == "*" else SOME if embedders else NONE,
                "origins": "" if embedders == "*" else "\n".join(embedders.split()),
            },
        )

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """As in WTForms, with our own message for invalid choices."""
        is_valid = super().validate(extra_validators)
        for field in self:
            if field.errors and isinstance(field, SelectField):
                field.errors = [CHOOSE]
        return is_valid

    def validate_accent(self, field: Any) -> None:
        """Raises ValidationError for a colour that is not `#` and six digits."""
        typed = (field.data or "").strip()
        if typed and not ACCENT.fullmatch(typed):
            raise ValidationError("Write a colour as six digits, such as #0a7d55, or leave it empty for the default.")

    def validate_origins(self, field: Any) -> None:
        """Raises ValidationError for an empty list, and for the first invalid origin."""
        if self.embedding.data != SOME:
            return
        try:
            if not parse_frame_ancestors(field.data or ""):
                raise ValidationError("Name at least one site, or choose “No site”.")
        except InvalidOrigin as fault:
            raise ValidationError(str(fault)) from None

    @property
    def typed_accent(self) -> str:
        """The typed colour as six digits, or empty."""
        return six_digits((self.accent.data or "").strip())

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by column. The form must be valid."""
        simple = ("title", "welcome", "language", "is_closed", "names", "hold", "slow_seconds", "theme")
        embedders = {ANY: "*", NONE: ""}.get(self.embedding.data) if self.embedding.data != SOME else None
        return {
            **{name: self[name].data for name in simple},
            "accent": legible(self.typed_accent) if self.typed_accent else "",
            "embedders": parse_frame_ancestors(self.origins.data or "") if embedders is None else embedders,
        }


def settings_of(wall: Wall) -> dict[str, Any]:
    """The current settings of a wall, by column."""
    return {name: getattr(wall, name) for name in SETTINGS}


SETTINGS = (
    "title",
    "welcome",
    "language",
    "is_closed",
    "names",
    "hold",
    "slow_seconds",
    "theme",
    "accent",
    "embedders",
)
