"""A role that may not change the schema does everything but migrate."""

import re

import psycopg
import pytest

from flaskr.claims.models import Claim
from flaskr.extensions import db
from flaskr.users.models import Role
from tests.books import close_connections, make_settings
from tests.browsing import send
from tests.documentation import PAGES  # noqa: F401
from tests.failing.servers import GRANTS, as_role
from tests.users.people import add_user, signed_in_client, signed_in_settings

pytestmark = pytest.mark.both_databases
