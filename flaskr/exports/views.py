"""Pages."""

from flask import Blueprint

blueprint = Blueprint("exports", __name__)
