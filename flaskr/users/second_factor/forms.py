"""Forms to set up a second factor, to enter its codes, and to change it."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField

from flaskr.users.forms import current_password
from flaskr.web.alternatives import Alternative
from flaskr.web.forms import Required

_ONE_TIME = {"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "16"}
_BY_HAND = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class BeginForm(FlaskForm):
    """The password of somebody who sets up a second factor."""

    present = current_password()


class FirstCodeForm(FlaskForm):
    """The code that proves that the app has the secret."""

    code = StringField(
        "Code", [Required()], description="The six digits that the app shows.", render_kw=_ONE_TIME
    )


class CodeForm(FlaskForm):
    """A code of the app, or a recovery code."""

    code = StringField(
        "Code",
        [Alternative()],
        description="The six digits that your app shows.",
        render_kw=_ONE_TIME,
    )
    recovery_code = StringField(
        "Recovery code",
        [Alternative()],
        description="Each works once.",
        render_kw=_BY_HAND | {"maxlength": "64"},
    )
    next = HiddenField()

    @property
    def entered(self) -> str:
        """The code of either field, or an empty text."""
        return (self.code.data or "").strip() or (self.recovery_code.data or "").strip()

    def validate_on_submit(self, extra_validators: Any = None) -> bool:
        """Whether the form was sent with a code."""
        is_valid: bool = super().validate_on_submit(extra_validators)
        if is_valid and not self.entered:
            self.code.errors = ["Enter a code."]
        return is_valid and bool(self.entered)


class ChangeFactorForm(CodeForm):
    """The password and a code, before a second factor is removed or gets new recovery codes."""

    present = current_password()
