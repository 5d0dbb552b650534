"""The commands `flask users`: create, link, list, sign-out and remove-second-factor."""

import os

import click
from flask import current_app

from flaskr.audit.services import command_actor
from flaskr.book.services import require_book
from flaskr.commands import BookGroup
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.users.models import Role, User
from flaskr.users.queries import all_users, user_with_email
from flaskr.users.second_factor.services import remove_second_factor
from flaskr.users.services import create_user, make_link, sign_out_everywhere

users = BookGroup("users", help="Add users, list them, and let them set a password.")


@users.command()
@click.argument("email")
@click.option("--name", default="", help="The default is the e-mail address.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    help="The default is administrator for the first user and viewer for the others.",
)
def create(email: str, name: str, role: str | None) -> None:
    """Add the user EMAIL, and print the link with which they set their password."""
    require_book()
    default = Role.VIEWER if all_users() else Role.ADMINISTRATOR
    user = create_user(email, name or email, Role(role) if role else default, actor=command_actor())
    secret = make_link(user, actor=command_actor())
    db.session.commit()
    click.echo(f"Added {user.email} as {user.role}.")
    _print_link(secret)


@users.command()
@click.argument("email")
def link(email: str) -> None:
    """Print a link with which the user EMAIL sets a new password."""
    user = _user_named(email)
    secret = make_link(user, actor=command_actor())
    db.session.commit()
    _print_link(secret)


def _user_named(email: str) -> User:
    """Return the user with an e-mail address; raises ClaimBookError without one."""
    require_book()
    user = user_with_email(email)
    if user is None:
        raise ClaimBookError(f"There is no user {email}; see flask users list.")
    return user


def _print_link(secret: str) -> None:
    """Print a one-time link."""
    path = current_app.url_map.bind("").build("users.set_password", {"secret": secret})
    click.echo("Send them this link to set their password; it works once, within 24 hours:")
    click.echo(_public_address() + path)


def _public_address() -> str:
    """Return where people open the book, without a slash at the end: as set, or the likely one."""
    if address := current_app.config["BOOK_ADDRESS"]:
        return str(address).rstrip("/")
    names = current_app.config["TRUSTED_NAMES"]
    origin = f"https://{names[0].removeprefix('.')}" if names else "http://127.0.0.1:5000"
    return origin + os.environ.get("SCRIPT_NAME", "").rstrip("/")  # gunicorn mounts the book there


@users.command("list")
def list_users() -> None:
    """List all users: e-mail, role, name, and whether they may sign in."""
    require_book()
    for user in all_users():
        state = "" if user.is_active else "  may not sign in"
        state = state or ("" if user.password_hash else "  has no password yet")
        click.echo(f"{user.email}  {user.role}  {user.name}{state}")


@users.command("sign-out")
@click.argument("email")
def sign_out_user(email: str) -> None:
    """End all sessions and tokens of the user EMAIL."""
    user = _user_named(email)
    sign_out_everywhere(user, actor=command_actor())
    db.session.commit()
    click.echo(f"{user.email} is signed out everywhere.")


@users.command("remove-second-factor")
@click.argument("email")
def remove_users_second_factor(email: str) -> None:
    """Remove the second factor of the user EMAIL, who has lost it, and end their sessions."""
    user = _user_named(email)
    remove_second_factor(user, actor=command_actor())
    db.session.commit()
    click.echo(f"{user.email} has no second factor any more, and is told so at the next sign-in.")
