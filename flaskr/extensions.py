"""The Flask extensions, created once and bound to an application by its factory."""

from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of every model; constraints have names, so that migrations can refer to them."""

    metadata = MetaData(naming_convention=_NAMES)


db = SQLAlchemy(model_class=Base)
migrate = Migrate(db=db, compare_type=True, render_as_batch=False)
csrf = CSRFProtect()
