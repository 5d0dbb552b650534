import pytest
from sqlalchemy import func, select

from flaskr.audit.models import AuditEvent
from tests.audit.events import TrailStart
from tests.audit.touring import Tour


@pytest.fixture
def rolled_back(rolled_back):
    """As elsewhere; only events after this point count as this test's."""
    TrailStart.after = rolled_back.scalar(select(func.max(AuditEvent.id))) or 0
    yield rolled_back
    TrailStart.after = 0


@pytest.fixture
def tour(signed_in_app) -> Tour:
    return Tour(signed_in_app)
