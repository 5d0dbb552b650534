"""The health check for monitoring and load balancers."""

from flask import Blueprint, jsonify
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flaskr.database.schema import schema_problem

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def show():
    """Answer 200 when the database is reachable and its schema at head, else 503."""
    try:
        problem = schema_problem()
    except (DBAPIError, PoolTimeout):
        return jsonify(database="unreachable", schema="unknown"), 503
    state = jsonify(database="reachable", schema=problem or "at head")
    return state, 503 if problem else 200
