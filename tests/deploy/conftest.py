import pytest

from flaskr.settings import Settings
from flaskr.users.models import Role
from tests.deploy.nginx import nginx
from tests.users.people import add_user, signed_in_settings
from tests.users.serving import gunicorn


@pytest.fixture
def behind_nginx(embedded_settings, make_app) -> Settings:
    """A book with a handler and an administrator, for one trusted proxy."""
    settings = signed_in_settings(embedded_settings, trusted_proxies=1)
    app = make_app(settings)
    add_user(app, Role.HANDLER)
    add_user(app, Role.ADMINISTRATOR)
    return settings


@pytest.fixture
def proxy(behind_nginx, tmp_path):
    """nginx with the file of deploy/, in front of two workers of four threads."""
    with gunicorn(behind_nginx, workers=2) as (port, _), nginx(tmp_path / "nginx", port) as started:
        yield started
