"""A book with sign-in does not start with unsafe settings, and says why."""

import subprocess
import sys
from dataclasses import replace

import pytest

from flaskr.settings import PROJECT_FOLDER
from tests.books import make_settings
from tests.users.people import STRONG_KEY, signed_in_settings
from tests.users.serving import environment_of, free_port, gunicorn_command

pytestmark = pytest.mark.slow

MADE_UP = "This-is-my-supersecret-key-for-claimbook-2026"
WEAK = {
    "": "SECRET_KEY is missing",
    STRONG_KEY[:31]: "SECRET_KEY has fewer than 32 characters",
    "dev": "SECRET_KEY has fewer than 32 characters",
    MADE_UP: "SECRET_KEY is a placeholder",
    "change-me-" * 4: "SECRET_KEY is a placeholder",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf": "is a placeholder",
    "ab" * 20: "SECRET_KEY repeats itself",
    "0" * 64: "SECRET_KEY repeats itself",
}


def flask_command(*options: str) -> list[str]:
    command = [sys.executable, "-m", "flask", "-A", "flaskr:create_app"]
    return [*command, *options, "run", "--port", str(free_port())]


def gunicorn(port: int) -> list[str]:
    return gunicorn_command(port, workers=1)


def ended(command: list[str], settings, **environment: str) -> subprocess.CompletedProcess:
    """The result of a start that must fail."""
    return subprocess.run(
        command,
        cwd=PROJECT_FOLDER,
        env=environment_of(settings) | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def safe(tmp_path):
    """Settings that are safe."""
    return signed_in_settings(make_settings(tmp_path))


@pytest.mark.parametrize("key", WEAK)
def test_the_book_does_not_start_with_a_weak_key(safe, key):
    settings = replace(safe, secret_key=key)

    outcome = ended(flask_command(), settings)

    assert outcome.returncode != 0
    assert WEAK[key] in outcome.stderr
    assert "secrets.token_hex" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert not key or key not in outcome.stderr + outcome.stdout


def test_the_book_does_not_start_without_trusted_hosts(safe):
    outcome = ended(flask_command(), replace(safe, trusted_hosts=()))

    assert outcome.returncode != 0
    assert "TRUSTED_HOSTS is missing" in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize("how", ["option", "environment"])
def test_the_book_does_not_start_in_debug_mode(safe, how):
    command = flask_command("--debug") if how == "option" else flask_command()

    outcome = ended(command, safe, **({} if how == "option" else {"FLASK_DEBUG": "1"}))

    assert outcome.returncode != 0
    assert "Debug is on" in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"secret_key": MADE_UP}, "SECRET_KEY is a placeholder"),
        ({"secret_key": ""}, "SECRET_KEY is missing"),
        ({"trusted_hosts": ()}, "TRUSTED_HOSTS is missing"),
        ({"trusted_hosts": (".com",)}, "TRUSTED_HOSTS has '.com'"),
    ],
)
def test_gunicorn_does_not_start_an_unsafe_book_either(safe, changed, message):
    outcome = ended(gunicorn(free_port()), replace(safe, **changed))

    assert outcome.returncode != 0
    assert message in outcome.stderr + outcome.stdout


def test_gunicorn_does_not_start_in_debug_mode(safe):
    outcome = ended(gunicorn(free_port()), safe, FLASK_DEBUG="1")

    assert outcome.returncode != 0
    assert "Debug is on" in outcome.stderr + outcome.stdout


def test_the_book_does_not_start_with_a_weak_pseudonym_key(safe):
    outcome = ended(flask_command(), safe, PSEUDONYM_KEY="secret")

    assert outcome.returncode != 0
    assert "PSEUDONYM_KEY has fewer than 32 characters" in outcome.stderr
