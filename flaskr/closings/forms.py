"""The form that closes a period."""

from flask_wtf import FlaskForm

from flaskr.web.forms import DayField, Required


class ClosingForm(FlaskForm):
    """The last day of the period to close."""

    closed_through = DayField(
        "Close through", [Required()], description="The last day of the period, such as 2024-12-31."
    )
