from flaskr.audit.services import command_actor
from flaskr.book.models import Closing, LiveDeclaration
from flaskr.extensions import db
from tests.closings.books import close, go_live
from tests.factories import make_claim, make_policy, reserve


def said(result):
    return result.exit_code, result.output.splitlines()


def test_the_book_says_what_was_done_so_far(runner, session):
    assert said(runner.invoke(args=["book"])) == (0, ["The book is empty, and not live."])
    reserve(make_claim(policy=make_policy()), "100")
    session.commit()
    assert "run: flask book live" in runner.invoke(args=["book"]).output
    go_live()
    close()

    code, lines = said(runner.invoke(args=["book"]))

    assert code == 0
    assert lines[0].startswith("live since 20")
    assert lines[0].endswith(", declared by command")
    assert lines[1].startswith("closed through 2024-12-31, on 20")
    assert "  outstanding 100.00" in lines


def test_the_declaration_asks_for_confirmation(runner, session):
    asked = runner.invoke(args=["book", "live"], input="n\n")
    assert asked.exit_code == 1
    assert "cannot be taken back" in asked.output
    assert db.session.scalar(db.select(LiveDeclaration.id)) is None
    session.rollback()

    done = runner.invoke(args=["book", "live", "--yes"])
    again = runner.invoke(args=["book", "live", "--yes"])

    assert done.output.startswith("The book is live since 20")
    assert said(again) == (3, ["Error: This book was declared live already."])


def test_a_period_is_closed_with_its_figures(runner, session):
    reserve(make_claim(policy=make_policy()), "100")
    session.commit()

    early = runner.invoke(args=["book", "close", "2024-12-31"])
    runner.invoke(args=["book", "live", "--yes"])
    code, lines = said(runner.invoke(args=["book", "close", "2024-12-31"]))
    twice = runner.invoke(args=["book", "close", "2024-12-31"])

    assert early.exit_code == 3
    assert "Only a live book closes periods" in early.output
    assert (code, lines[0]) == (0, "The books are closed through 2024-12-31.")
    assert {"policies    1", "claims      1", "premium     5000.00"} <= set(lines)
    assert twice.output == "Error: The books are closed through 2024-12-31 already.\n"
    assert db.session.scalar(db.select(Closing.recorded_by)) == command_actor()


def test_late_bookings_are_listed_by_kind(runner, session):
    go_live()
    close()
    make_claim(claim_reference="LATE")
    session.commit()

    code, lines = said(runner.invoke(args=["book", "late", "2024-12-31"]))
    unknown = runner.invoke(args=["book", "late", "2023-12-31"])

    assert code == 0
    assert lines[0] == "Claims recorded after the closing:"
    assert lines[1].startswith("  LATE  reported 2024-03-02  20")
    assert "Policies recorded after the closing: none" in lines
    assert said(unknown) == (3, ["Error: The books were not closed through 2023-12-31."])


def test_commands_say_that_a_book_with_entries_is_not_live(runner, session):
    reserve(make_claim(policy=make_policy()), "100")
    session.commit()

    before = runner.invoke(args=["claims", "check"])
    runner.invoke(args=["book", "live", "--yes"])
    after = runner.invoke(args=["claims", "check"])

    assert "not declared live" in before.stderr
    assert (before.exit_code, after.exit_code, after.stderr) == (0, 0, "")
