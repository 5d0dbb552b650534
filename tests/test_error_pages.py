import logging
import re
from dataclasses import replace

import pytest
from flask import abort

from flaskr.settings import Settings


@pytest.fixture
def faulty(book_settings: Settings, make_app):
    """A client of an application with pages that fail."""
    app = make_app(replace(book_settings, max_request_bytes=1000))

    @app.get("/fail/<int:status>")
    def fail(status: int):
        abort(status)

    @app.get("/fault")
    def fault():
        raise RuntimeError("the secret is 42")

    return app.test_client()


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 422, 429, 500, 503])
def test_each_error_has_a_page_in_the_books_look(faulty, status):
    response = faulty.get(f"/fail/{status}")

    assert response.status_code == status
    assert "ClaimBook" in response.text
    assert f"Error {status}, request {response.headers['X-Request-ID']}" in response.text


@pytest.mark.parametrize("status", [429, 503])
def test_errors_that_may_pass_say_when_to_try_again(faulty, status):
    assert int(faulty.get(f"/fail/{status}").headers["Retry-After"]) > 0


def test_a_fault_shows_no_internals_and_the_log_has_its_id(faulty, caplog):
    with caplog.at_level(logging.ERROR):
        response = faulty.get("/fault")

    assert response.status_code == 500
    assert "42" not in re.sub(r"request \w+", "", response.text)
    record = next(record for record in caplog.records if record.exc_info)
    assert record.request_id == response.headers["X-Request-ID"]
    assert record.getMessage() == "fault on GET /fault"


def test_a_wrong_method_says_which_are_right(faulty):
    response = faulty.post("/claims")

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


def test_a_request_that_is_too_large_is_refused(faulty):
    assert faulty.post("/claims/new", data={"description": "x" * 2000}).status_code == 413


def test_every_answer_has_the_security_headers(client):
    for path in ("/", "/nothing", "/static/book.css"):
        with client.get(path) as response:
            headers = response.headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe-inline" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_pages_carry_no_inline_script_or_style(client):
    for path in ("/", "/claims", "/claims/new", "/policies/new", "/nothing"):
        page = client.get(path).text
        assert "<script" not in page
        assert "style=" not in page


def test_the_log_has_the_id_of_a_refusal_too(faulty, caplog):
    with caplog.at_level(logging.INFO, logger="flaskr"):
        response = faulty.get("/claims/nothing")
        response.close()

    assert response.status_code == 404
    assert response.headers["X-Request-ID"] in [r.request_id for r in caplog.records]


def test_a_form_without_its_token_has_an_id_and_a_sentence(faulty):
    response = faulty.post("/claims/new", data={"description": "x"})

    assert response.status_code == 400
    assert "The form has expired" in response.text
    assert len(response.headers["X-Request-ID"]) == 12


def test_an_unknown_host_is_refused_before_the_form_is_validated(faulty):
    response = faulty.post("/claims/new", data={"x": "y"}, headers={"Host": "evil.example"})

    assert response.status_code == 403
