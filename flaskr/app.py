"""The application factory: a table of contents."""

import click
from flask import Flask
from flask.helpers import get_debug_flag
from werkzeug.middleware.proxy_fix import ProxyFix

from flaskr.archive import commands as archive_commands
from flaskr.audit import views as trail_views
from flaskr.book.services import check_book_settings
from flaskr.claims import commands as claim_commands
from flaskr.claims import policy_views, show_views
from flaskr.claims import views as claim_views
from flaskr.claims.ledger import views as ledger_views
from flaskr.closings import commands as closing_commands
from flaskr.closings import views as closing_views
from flaskr.commands import explain_unavailable
from flaskr.database.engine import configure_engine, engine_options
from flaskr.database.failures import DATABASE_ERRORS, failure_of
from flaskr.database.lost_commits import warn_of_missing_wal
from flaskr.database.modes import transaction_mode
from flaskr.database.network_disks import warn_of_network_disk
from flaskr.database.past_books import FILES_OF_BOOK
from flaskr.database.schema import upgrade_embedded
from flaskr.database.transactions import drop_session
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
from flaskr.imports.history import commands as record_commands
from flaskr.imports.history import views as import_record_views
from flaskr.imports.job_folders import JOBS, delete_old_jobs
from flaskr.imports.undo import views as import_undo_views
from flaskr.operations.commands import check_book
from flaskr.operations.doctor.commands import doctor
from flaskr.overview import views as overview_views
from flaskr.policies import views as policies_views
from flaskr.privacy import commands as erasure_commands
from flaskr.privacy import views as privacy_views
from flaskr.private_files import tighten
from flaskr.processes.logs import configure_logging
from flaskr.processes.server_checks import (
    check_server,
    check_signed_in,
    explain_to_server,
    fill_standard_streams,
    prepare_folders,
)
from flaskr.secret_keys import stored_key
from flaskr.settings import PROJECT_FOLDER, Settings, read_settings
from flaskr.users import account_views
from flaskr.users import commands as user_commands
from flaskr.users import views as people_views
from flaskr.users.gate.request_checks import register_gate
from flaskr.users.second_factor import views as second_factor_views
from flaskr.users.sessions.cookies import COOKIE_NAME, BookCookies
from flaskr.users.signing_in import views as user_views
from flaskr.web import health
from flaskr.web.error_pages import register_error_pages
from flaskr.web.page_addresses import register_page_addresses
from flaskr.web.reference_addresses import register_reference_addresses
from flaskr.web.request_hooks import register_request_hooks
from flaskr.web.template_filters import register_filters


@explain_to_server()
@explain_unavailable()
def create_app(settings: Settings | None = None) -> Flask:
    """Create the application from the given settings, or from the environment.

    Raises SettingsError or SchemaError when the book must not be served.
    """
    fill_standard_streams()
    settings = settings or read_settings()
    check_server(settings)
    prepare_folders(settings.instance_folder)
    check_signed_in(settings, get_debug_flag() or _has_debugger())
    app = Flask("flaskr", instance_path=str(settings.instance_folder))
    app.url_map.strict_slashes = False
    register_reference_addresses(app)
    _configure(app, settings)
    configure_logging(settings.log_level)
    tighten(settings.instance_folder, FILES_OF_BOOK)
    _register_request_checks(app)
    _register_extensions(app)
    _register_blueprints(app)
    _register_commands(app)
    register_error_pages(app)
    register_filters(app)
    _open_embedded_book(app)
    delete_old_jobs(settings.instance_folder / JOBS)
    return app


def _has_debugger() -> bool:
    """Whether flask run was started with its debugger, which runs before the access gate."""
    command = click.get_current_context(silent=True)
    return command is not None and bool(command.params.get("debugger"))


def _configure(app: Flask, settings: Settings) -> None:
    """Set the configuration of Flask and its extensions."""
    app.config.from_mapping(
        **settings.config,
        BOOK_MODE=settings.mode,
        PSEUDONYM_KEY=settings.pseudonym_key
        or stored_key(settings.instance_folder, "pseudonym_key"),
        SECRET_KEY=settings.secret_key or stored_key(settings.instance_folder, "secret_key"),
        SESSION_COOKIE_NAME=COOKIE_NAME,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # the gate checks it after identifying the user
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form may stay open over lunch
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(not settings.database_url),
    )


def _register_extensions(app: Flask) -> None:
    """Bind the extensions, and set how transactions begin."""
    db.init_app(app)
    app.teardown_appcontext(drop_session)  # runs before the extension's own, which may raise
    migrate.init_app(app, directory=str(PROJECT_FOLDER / "migrations"))
    csrf.init_app(app)
    with app.app_context():
        configure_engine(db.engine)


def _register_request_checks(app: Flask) -> None:
    """Register what runs before every request: its id, access gate, schema and parameter checks."""
    app.session_interface = BookCookies()
    if proxies := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=proxies
        )
    register_request_hooks(app)
    register_gate(app)
    register_page_addresses(app)


_PAGES = (
    health,
    user_views,
    second_factor_views,  # this and the next two on the blueprint of users
    account_views,
    people_views,
    overview_views,
    policies_views,
    policy_views,  # on the blueprint of policies: a policy's page shows its claims
    claim_views,
    show_views,  # this and the next on the blueprint of claims
    ledger_views,
    closing_views,
    demo_views,
    export_views,
    kept_views,  # this and the next on the blueprint of exports
    verify_views,
    import_views,
    import_record_views,  # this and the next on the blueprint of imports
    import_undo_views,
    trail_views,
    privacy_views,
)


def _register_blueprints(app: Flask) -> None:
    """Register the pages of each feature."""
    for blueprint in dict.fromkeys(module.blueprint for module in _PAGES):
        app.register_blueprint(blueprint)


def _register_commands(app: Flask) -> None:
    """Register the commands of each feature."""
    for command in (verify_commands.verify_command, archive_commands.export_book):
        export_commands.exports.add_command(command)
    claim_commands.claims.add_command(check_book)
    commands = (
        claim_commands.claims,
        closing_commands.book,
        demo_commands.demo,
        doctor,
        export_commands.exports,
        import_commands.import_file,
        record_commands.imports,
        erasure_commands.people,
        user_commands.users,
    )
    for command in commands:
        app.cli.add_command(command)


def _open_embedded_book(app: Flask) -> None:
    """Migrate the embedded book; raise SettingsError if it was made with other settings.

    Where a book has been but is no longer, none is made, and a file that cannot be read stays as it
    is: every request and command says so, and the doctor still looks at all else.
    """
    if app.config["DATABASE_URL"]:
        return  # a server's schema is migrated by hand; every request checks it
    warn_of_network_disk(app.config["INSTANCE_FOLDER"])
    warn_of_missing_wal(app)
    try:
        if not upgrade_embedded(app):
            return
        # reading, for a writer must not keep others from starting
        with transaction_mode("read"), app.app_context():
            check_book_settings()
    except DATABASE_ERRORS as error:
        if (failure := failure_of(error)) is None:
            raise
        app.logger.error("the database is %s: %s", failure.word, getattr(error, "orig", error))
    finally:  # leave no connection open, whether or not the book can be served
        with app.app_context():
            db.engine.dispose()
