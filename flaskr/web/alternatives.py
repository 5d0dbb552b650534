"""Fields of which one is enough, or that only a later step of a form needs."""

from flask_wtf import FlaskForm
from wtforms import Field


class Alternative:
    """A validator that accepts anything; the field's label does not say that it is optional."""

    field_flags = {"is_alternative": True}  # noqa: RUF012

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Accept anything: the form or its view refuses what is missing."""
