"""The application factory: a table of contents."""

import click
from flask import Flask
from flask.helpers import get_debug_flag
from werkzeug.middleware.proxy_fix import ProxyFix

from flaskr import errors
from flaskr.archive import commands as archive_commands
from flaskr.audit import views as trail_views
from flaskr.book.services import check_book
from flaskr.claims import commands as claim_commands
from flaskr.claims import policy_views
from flaskr.claims import views as claim_views
from flaskr.claims.ledger import views as ledger_views
from flaskr.database import configure_engine, engine_options, upgrade_embedded, working
from flaskr.demo import commands as demo_commands
from flaskr.demo import views as demo_views
from flaskr.exports import commands as export_commands
from flaskr.exports import views as export_views
from flaskr.exports.kept import views as kept_views
from flaskr.exports.verify import commands as verify_commands
from flaskr.exports.verify import views as verify_views
from flaskr.extensions import csrf, db, migrate
from flaskr.imports import commands as import_commands
from flaskr.imports import views as import_views
from flaskr.imports.job_folders import JOBS, sweep_jobs
from flaskr.imports.records import commands as record_commands
from flaskr.imports.records import views as import_record_views
from flaskr.imports.undo import views as import_undo_views
from flaskr.overview import views as overview_views
from flaskr.policies import views as policies_views
from flaskr.privacy import commands as erasure_commands
from flaskr.secret_keys import kept_key
from flaskr.settings import (
    PROJECT_FOLDER,
    Settings,
    make_instance_folder,
    read_settings,
)
from flaskr.users import account_views
from flaskr.users import commands as user_commands
from flaskr.users import views as people_views
from flaskr.users.gate import gate
from flaskr.users.sessions.cookies import NAME, BookCookies
from flaskr.users.signing_in import views as user_views
from flaskr.web import health, request_hooks, templating


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application from the settings given, or from the environment.

    Raises SettingsError or SchemaError when the book must not be served.
    """
    settings = settings or read_settings()
    make_instance_folder(settings.instance_folder)
    settings.check_signed_in(get_debug_flag() or _has_debugger())
    app = Flask("flaskr", instance_path=str(settings.instance_folder))
    app.url_map.strict_slashes = False
    _configure(app, settings)
    request_hooks.configure_logging(settings.log_level)
    _register_guards(app)
    _register_extensions(app)
    _register_blueprints(app)
    _register_commands(app)
    errors.register(app)
    templating.register(app)
    _open_embedded_book(app)
    sweep_jobs(settings.instance_folder / JOBS)
    return app


def _has_debugger() -> bool:
    """Whether flask run was asked for its debugger, which comes before every guard."""
    command = click.get_current_context(silent=True)
    return command is not None and bool(command.params.get("debugger"))


def _configure(app: Flask, settings: Settings) -> None:
    """Put the settings where Flask and its extensions look for them."""
    app.config.from_mapping(
        DATABASE_URL=settings.database_url,
        INSTANCE_FOLDER=settings.instance_folder,
        BOOK_ACCESS=settings.book_access,
        BOOK_MODE=settings.mode,
        TRUSTED_NAMES=settings.trusted_hosts,
        TRUSTED_PROXIES=settings.trusted_proxies,
        PSEUDONYM_KEY=settings.pseudonym_key or kept_key(settings.instance_folder, "pseudonym_key"),
        RANDOM_CLAIMS=settings.random_claims,
        SESSION_IDLE_MINUTES=settings.session_idle_minutes,
        SESSION_HOURS=settings.session_hours,
        BOOK_CURRENCY=settings.book_currency,
        BOOK_TIME_ZONE=settings.book_time_zone,
        EXPORT_SECONDS=settings.export_seconds,
        EXPORT_MEMORY_BYTES=settings.export_memory_bytes,
        SPOOL_BYTES=settings.spool_bytes,
        VERIFY_BYTES=settings.verify_bytes,
        IMPORT_BYTES=settings.import_bytes,
        IMPORT_ROWS=settings.import_rows,
        IMPORT_SECONDS=settings.import_seconds,
        IMPORT_MEMORY_BYTES=settings.import_memory_bytes,
        SECRET_KEY=settings.secret_key or kept_key(settings.instance_folder, "secret_key"),
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        SESSION_COOKIE_NAME=NAME,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # the guard checks it, once it knows who asks
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form may stay open over lunch
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(not settings.database_url),
    )


def _register_extensions(app: Flask) -> None:
    """Bind the extensions, and see to how transactions begin."""
    db.init_app(app)
    migrate.init_app(app, directory=str(PROJECT_FOLDER / "migrations"))
    csrf.init_app(app)
    with app.app_context():
        configure_engine(db.engine)


def _register_guards(app: Flask) -> None:
    """Hook up what every request passes: its id, whether it may come in, a schema that fits."""
    app.session_interface = BookCookies()
    if proxies := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    request_hooks.register(app)
    gate.register(app)


_PAGES = (
    health,
    user_views,
    account_views,  # these two on the blueprint of users
    people_views,
    overview_views,
    policies_views,
    policy_views,  # on the blueprint of policies: a policy's page shows its claims
    claim_views,
    ledger_views,  # on the blueprint of claims
    demo_views,
    export_views,
    kept_views,  # these two on the blueprint of exports
    verify_views,
    import_views,
    import_record_views,  # these two on the blueprint of imports
    import_undo_views,
    trail_views,
)


def _register_blueprints(app: Flask) -> None:
    """Register the pages of each feature."""
    for blueprint in dict.fromkeys(module.blueprint for module in _PAGES):
        app.register_blueprint(blueprint)


def _register_commands(app: Flask) -> None:
    """Register the commands: of claims, demo, exports, imports, people and users."""
    for command in (verify_commands.verify_command, archive_commands.export_book):
        export_commands.exports.add_command(command)
    groups = (
        claim_commands.claims,
        demo_commands.demo,
        export_commands.exports,
        import_commands.import_file,
        record_commands.imports,
        erasure_commands.people,
        user_commands.users,
    )
    for group in groups:
        app.cli.add_command(group)


def _open_embedded_book(app: Flask) -> None:
    """Migrate the embedded book, and refuse to start on a book made with other settings."""
    if app.config["DATABASE_URL"]:
        return  # a server's schema is migrated by hand; each request checks that it fits
    try:
        upgrade_embedded(app)
        with working("read"), app.app_context():  # a writer must not keep others from starting
            check_book()
    finally:  # whether or not the book is served, no connection of the start stays open
        with app.app_context():
            db.engine.dispose()
