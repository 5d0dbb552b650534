"""A made-up book as Arrow batches: each table's columns as the database takes them, in id order."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.archive.bulk.tables import TableRows
from flaskr.demo.filling.book import MadeBook
from flaskr.demo.filling.days import NONE, Array
from flaskr.demo.filling.names import NameWords, name_words
from flaskr.demo.profiles import DESCRIPTIONS, PROFILES, REOPENING_REASONS
from flaskr.facts.lists import Cause, EntryType, Status

BATCH_ROWS = 65_536
RECORDED_BY = "command"

Rows = slice
Columns = dict[str, Any]


def table_rows(name: str, count: int, columns: Callable[[Rows], Columns]) -> TableRows:
    """Return a table whose rows are made a slice at a time."""

    def batches() -> Iterator[Any]:
        for start in range(0, count, BATCH_ROWS):
            rows = slice(start, min(start + BATCH_ROWS, count))
            yield pa.RecordBatch.from_pydict(columns(rows))

    return TableRows(name, count, batches)


def book_tables(book: MadeBook) -> list[TableRows]:
    """Return the tables in the order in which they can be loaded: what is referred to first."""
    edited = np.flatnonzero(book.policies.edited != NONE)
    edited = edited[np.argsort(book.policies.edited[edited], kind="stable")]
    names = name_words()
    return [
        table_rows(
            "policies", len(book.policies.line), lambda rows: policy_columns(book, rows, names)
        ),
        table_rows(
            "policy_revisions",
            len(edited),
            lambda rows: policy_revision_columns(book, edited, rows),
        ),
        table_rows("claims", len(book.claims.line), lambda rows: claim_columns(book, rows)),
        table_rows(
            "claim_revisions",
            len(book.claim_revisions.claim),
            lambda rows: claim_revision_columns(book, rows),
        ),
        table_rows(
            "ledger_entries", len(book.ledger.claim), lambda rows: entry_columns(book, rows)
        ),
    ]


def policy_columns(book: MadeBook, rows: Rows, names: NameWords) -> Columns:
    """Return columns of policies."""
    made = book.policies
    return {
        "id": ids(rows),
        **references("P", "policy_number", book.policy_years[rows], book.policy_numbers[rows]),
        "policyholder": names.names(made.line[rows], made.given[rows], made.surname[rows]),
        "recorded_at": instants(made.recorded[rows]),
        "recorded_by": repeated(RECORDED_BY, rows),
        "version": pa.array(np.where(made.edited[rows] == NONE, 1, 2)),
        "line_of_business": words(LINES, made.line[rows]),
        "inception_date": days(made.inception[rows]),
        "expiry_date": days(made.expiry[rows]),
        "premium": pa.array(made.premium[rows]),
        "deductible": pa.array(made.deductible[rows]),
        "sum_insured": numbers(made.sum_insured[rows]),
        "cancelled_on": days(made.cancelled[rows]),
    }


def policy_revision_columns(book: MadeBook, edited: Array, rows: Rows) -> Columns:
    """Return columns of policies' facts before their one edit: not cancelled, the first premium."""
    at, made = edited[rows], book.policies
    kept = made.premium[at] == made.first_premium[at]
    return {
        "id": ids(rows),
        "policy_id": pa.array(at + 1),
        "replaced_at": instants(made.edited[at]),
        "replaced_by": repeated(RECORDED_BY, rows),
        "policyholder_changed": pa.array(kept & (made.cancelled[at] == NONE)),
        "line_of_business": words(LINES, made.line[at]),
        "inception_date": days(made.inception[at]),
        "expiry_date": days(made.expiry[at]),
        "premium": pa.array(made.first_premium[at]),
        "deductible": pa.array(made.deductible[at]),
        "sum_insured": numbers(made.sum_insured[at]),
        "cancelled_on": pa.nulls(len(at), pa.date32()),
    }


def claim_columns(book: MadeBook, rows: Rows) -> Columns:
    """Return columns of claims, with when their last entry was, and the balances that it left."""
    made, state = book.claims, book.state
    moved = state.last_row[rows] != NONE
    return {
        "id": ids(rows),
        **references("C", "claim_reference", book.claim_years[rows], book.claim_numbers[rows]),
        "description": described(made.cause[rows], rows),
        "status": words(STATUSES, state.status[rows]),
        "paid": pa.array(state.paid[rows]),
        "outstanding": pa.array(state.outstanding[rows]),
        "recovered": pa.array(state.recovered[rows]),
        "closed_date": days(state.closed[rows]),
        "last_transaction_date": days(np.where(moved, state.day[rows], NONE)),
        "last_recorded_at": instants(state.recorded[rows], moved),
        "recorded_at": instants(made.recorded[rows]),
        "recorded_by": repeated(RECORDED_BY, rows),
        "version": pa.array(book.claim_versions[rows]),
        "policy_id": row_ids(made.policy[rows]),
        "cause": words(CAUSES, made.cause[rows]),
        "loss_date": days(made.loss[rows]),
        "reported_date": days(made.reported[rows]),
    }


def claim_revision_columns(book: MadeBook, rows: Rows) -> Columns:
    """Return columns of claims' facts before an edit."""
    made = book.claim_revisions
    return {
        "id": ids(rows),
        "claim_id": row_ids(made.claim[rows]),
        "replaced_at": instants(made.replaced[rows]),
        "replaced_by": repeated(RECORDED_BY, rows),
        "description_changed": pa.array(made.reworded[rows]),
        "policy_id": row_ids(made.policy[rows]),
        "cause": words(CAUSES, made.cause[rows]),
        "loss_date": days(made.loss[rows]),
        "reported_date": days(made.reported[rows]),
    }


def entry_columns(book: MadeBook, rows: Rows) -> Columns:
    """Return columns of the ledger."""
    made = book.ledger
    return {
        "id": ids(rows),
        "claim_id": row_ids(made.claim[rows]),
        "entry_type": words(TYPES, made.entry_type[rows]),
        "transaction_date": days(made.day[rows]),
        "recorded_at": instants(made.recorded[rows]),
        "imported_at": pa.nulls(rows.stop - rows.start, pa.timestamp("us")),
        "recorded_by": repeated(RECORDED_BY, rows),
        "paid": pa.array(made.paid[rows]),
        "outstanding": pa.array(made.outstanding[rows]),
        "recovered": pa.array(made.recovered[rows]),
        "paid_after": pa.array(made.paid_after[rows]),
        "outstanding_after": pa.array(made.outstanding_after[rows]),
        "recovered_after": pa.array(made.recovered_after[rows]),
        "status_after": words(STATUSES, made.status_after[rows]),
        "closed_date_after": days(made.closed_after[rows]),
        "reason": words(REASONS, made.reason[rows]),
        "reverses": row_ids(made.reverses[rows]),
    }


def vocabulary(values: type[StrEnum]) -> Any:
    """Return the values of a closed list as Arrow text."""
    return pa.array([member.value for member in values])


LINES = pa.array([profile.line.value for profile in PROFILES])
CAUSES, TYPES, STATUSES = vocabulary(Cause), vocabulary(EntryType), vocabulary(Status)
REASONS = pa.array(REOPENING_REASONS)
UNKNOWN_CAUSE = "The letter does not say what happened."
SENTENCES = [*(list(DESCRIPTIONS[cause]) for cause in Cause), [UNKNOWN_CAUSE]]  # -1 is the last
ALL_SENTENCES = pa.array([sentence for listed in SENTENCES for sentence in listed])
SENTENCE_COUNTS = np.array([len(listed) for listed in SENTENCES])
FIRST_SENTENCES = np.cumsum(SENTENCE_COUNTS) - SENTENCE_COUNTS


def described(cause: Array, rows: Rows) -> Any:
    """Return a sentence that fits each cause."""
    turn = np.arange(rows.start, rows.stop) % SENTENCE_COUNTS[cause]
    return ALL_SENTENCES.take(pa.array(FIRST_SENTENCES[cause] + turn))


def ids(rows: Rows) -> Any:
    """Return the ids of a slice of rows: they count from one."""
    return pa.array(np.arange(rows.start + 1, rows.stop + 1))


def repeated(text: str, rows: Rows) -> Any:
    """Return one text for each row."""
    return pa.repeat(text, rows.stop - rows.start)


def numbers(values: Array) -> Any:
    """Return whole numbers, NULL for NONE."""
    return pa.array(values, mask=values == NONE)


def row_ids(found: Array) -> Any:
    """Return the ids of rows, NULL for NONE."""
    return pa.array(found + 1, mask=found == NONE)


def days(values: Array) -> Any:
    """Return days, NULL for NONE."""
    return pa.array(values.astype(np.int32), mask=values == NONE).cast(pa.date32())


def instants(seconds: Array, is_there: Array | None = None) -> Any:
    """Return instants, NULL where there is none; their text is the one that both databases keep."""
    mask = None if is_there is None else ~is_there
    return pa.array(seconds * 1_000_000, mask=mask).cast(pa.timestamp("us"))


def words(listed: Any, codes: Array) -> Any:
    """Return members of a list, NULL for NONE."""
    return listed.take(pa.array(codes, mask=codes == NONE))


def references(prefix: str, name: str, years: Array, numbers: Array) -> Columns:
    """Return references as the book allots them, C-2024-000001, and the keys that find them."""
    year, number = (pa.array(each).cast(pa.string()) for each in (years, numbers))
    number = pc.utf8_lpad(number, 6, "0")
    return {
        name: pc.binary_join_element_wise(prefix, year, number, "-"),
        f"{name}_key": pc.binary_join_element_wise(prefix.casefold(), year, number, "-"),
    }
