"""Forms for login, account setup, password change and memberships."""

from typing import Any

from wtforms import Form, PasswordField, StringField, ValidationError
from wtforms.validators import DataRequired

from ..models.moderator import LOGIN_LENGTH, MODERATOR, OWNER, login_of
from ..models.moderator import NAME_LENGTH as LENGTH
from ..text.cleaning import printable
from ..web.forms import TextValidator
from . import passwords

ROLES = (
    (MODERATOR, "Moderator: reviews, hides and answers posts"),
    (OWNER, "Owner: can also change settings and manage the team"),
)


class ModeratorName(TextValidator):
    """Validates a moderator's name, which is also the login name."""

    def __init__(self) -> None:
        super().__init__(missing="Enter a name.", most=LENGTH, most_code_points=LENGTH, lines=False)

    def __call__(self, form: Form, field: Any) -> None:
        super().__call__(form, field)
        if len(login_of(field.data)) > LOGIN_LENGTH:
            raise ValidationError("This name is too long when it is spelled out. Choose a shorter one.")


class LoginForm(Form):
    """Only checks that both fields are filled in; any other invalid value is simply a wrong name or password."""

    name = StringField("Name", [DataRequired("Enter your name.")])
    password = PasswordField("Password", [DataRequired("Enter your password.")])

    def validate_name(self, field: Any) -> None:
        # The page shows it again.
        field.data = printable(field.data)


class SetupForm(Form):
    """The account of an invited moderator."""

    name = StringField("Your name", [ModeratorName()])
    password = PasswordField("Password")
    password_again = PasswordField("Confirm password")

    def validate_password(self, field: Any) -> None:
        _check_password(field, self.name.data or "")

    def validate_password_again(self, field: Any) -> None:
        _check_again(field, self.password)


class PasswordForm(Form):
    """A password change; `name` is the moderator's, which the new password must not contain."""

    old_password = PasswordField("Current password", [DataRequired("Enter your current password.")])
    password = PasswordField("New password")
    password_again = PasswordField("Confirm new password")

    def __init__(self, sent: Any = None, *, name: str) -> None:
        super().__init__(sent)
        self._name = name

    def validate_password(self, field: Any) -> None:
        _check_password(field, self._name)

    def validate_password_again(self, field: Any) -> None:
        _check_again(field, self.password)


class MembershipForm(Form):
    """Adds a moderator with an account to a wall."""

    name = StringField("Name", [ModeratorName()])
    role = StringField("Role", default=MODERATOR)

    roles = ROLES

    def validate_role(self, field: Any) -> None:
        """Raises ValidationError for a role that does not exist."""
        if field.data not in dict(ROLES):
            raise ValidationError("Choose one of these roles.")


def _check_password(field: Any, name: str) -> None:
    if fault := passwords.fault_of(field.data or "", name):
        raise ValidationError(fault)


def _check_again(field: Any, password: Any) -> None:
    if not password.errors and field.data != password.data:
        raise ValidationError("The passwords do not match. Enter both again.")
