"""flask demo: fill an empty book."""

from flask.cli import AppGroup

demo = AppGroup("demo", help="Fill an empty book with made-up policies and claims.")
