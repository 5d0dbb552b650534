"""A book on a real port, for readers over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask
from werkzeug.serving import make_server


@contextmanager
def served(app: Flask, asked: list[str] | None = None) -> Iterator[str]:
    """Serve the app, yield its address, and note each request's method and range."""

    def noting(environ, start_response):
        if asked is not None:
            asked.append(f"{environ['REQUEST_METHOD']} {environ.get('HTTP_RANGE', '')}".strip())
        return app(environ, start_response)

    server = make_server("127.0.0.1", 0, noting, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
