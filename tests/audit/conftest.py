import pytest
from sqlalchemy import func, select

from flaskr.audit.models import AuditEvent
from tests.audit.events import Begun
from tests.audit.touring import Tour


@pytest.fixture
def rolled_back(rolled_back):
    """As for others, and the trail begins here."""
    Begun.after = rolled_back.scalar(select(func.max(AuditEvent.id))) or 0
    yield rolled_back
    Begun.after = 0


@pytest.fixture
def tour(signed_in_app) -> Tour:
    return Tour(signed_in_app)
