"""Flask-Admin over a book's claims table, for the benchmark of peers; runs in their environment."""

import sys

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine
from sqlalchemy.ext.automap import automap_base


class Claims(ModelView):
    can_export = True
    export_max_rows = 0
    page_size = 1


def main(book: str, port: str) -> None:
    app = Flask("peer")
    app.config.update(SQLALCHEMY_DATABASE_URI=f"sqlite:///{book}", SECRET_KEY="benchmark")
    db = SQLAlchemy(app)
    models = automap_base()
    models.prepare(create_engine(f"sqlite:///{book}"))
    Admin(app).add_view(Claims(models.classes.claims, db.session, endpoint="claims"))
    app.run("127.0.0.1", int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
