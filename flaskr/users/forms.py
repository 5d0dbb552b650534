"""Forms to sign in, set passwords, add and change users, and make tokens."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import ValidationError

from flaskr.users.models import Role, Scope
from flaskr.users.services import clean_email
from flaskr.web.forms import CleanedField, NameField, Required, VersionField, choice_field

ROLES = {
    Role.VIEWER: "viewer: sees claims and policies, without names",
    Role.HANDLER: "handler: reports and handles claims, imports files, sees names",
    Role.ACTUARY: "actuary: downloads files as at any date, keeps exports, without names",
    Role.ADMINISTRATOR: (
        "administrator: manages users, reads the trail, undoes imports; does not handle claims"
    ),
}
_SCOPES = {Scope.READ: "read: download files", Scope.WRITE: "write: import files too"}
_DAYS = (7, 30, 90, 366)


class _EmailField(CleanedField):
    """An e-mail address."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Clean the address; empty stays empty."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = clean_email(text) if text else ""


class SignInForm(FlaskForm):
    """Sign in; `next` is the page to go to afterwards."""

    email = CleanedField(
        "E-mail", [Required()], render_kw={"autocomplete": "username", "inputmode": "email"}
    )
    password = PasswordField(
        "Password", [Required()], render_kw={"autocomplete": "current-password"}
    )
    next = HiddenField()


def current_password() -> PasswordField:
    """Return a field for the current password, asked again before sensitive changes."""
    return PasswordField(
        "Current password", [Required()], render_kw={"autocomplete": "current-password"}
    )


class SetPasswordForm(FlaskForm):
    """A new password, typed twice."""

    password = PasswordField(
        "New password",
        [Required()],
        description="At least 12 characters. Several unrelated words work well.",
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        "Repeat new password", [Required()], render_kw={"autocomplete": "new-password"}
    )

    def validate_again(self, field: PasswordField) -> None:
        """Refuse two different passwords."""
        if field.data != self.password.data:
            raise ValidationError("The two passwords differ.")


class ChangePasswordForm(SetPasswordForm):
    """A new password, and the current one as proof."""

    present = current_password()
    revoke = BooleanField("Revoke my tokens too")


class TokenForm(FlaskForm):
    """A new token."""

    label = NameField("Purpose", [Required()], render_kw={"autocomplete": "off"})
    scope = SelectField(
        "Scope",
        [Required()],
        choices=[SelectChoice(value.value, label) for value, label in _SCOPES.items()],
        coerce=Scope,
        invalid_value_message="Choose one from the list.",
    )
    days = SelectField(
        "Valid for",
        [Required()],
        choices=[SelectChoice(str(days), f"{days} days") for days in _DAYS],
        coerce=int,
        default=90,
        invalid_value_message="Choose one from the list.",
    )
    present = current_password()


class _PersonFields(FlaskForm):
    """The name and role of a user."""

    name = NameField("Name", [Required()], render_kw={"autocomplete": "off"})
    role = choice_field("Role", Role)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Describe what each role may do."""
        super().__init__(*args, **kwargs)
        choices = [SelectChoice(value.value, label) for value, label in ROLES.items()]
        self.role.choices = [SelectChoice("", "Choose…"), *choices]


class NewPersonForm(_PersonFields):
    """A new user."""

    email = _EmailField(
        "E-mail",
        [Required()],
        description="Used to sign in, and shown in the ledger and the trail. It cannot be changed.",
        render_kw={"autocomplete": "off"},
    )


class PersonForm(_PersonFields):
    """Changes to a user."""

    is_active = BooleanField("May sign in")
    version = VersionField()
