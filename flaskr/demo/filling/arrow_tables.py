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

_BATCH_ROWS = 65_536
RECORDED_BY = "command"

Rows = slice
Columns = dict[str, Any]


def _table_rows(name: str, count: int, columns: Callable[[Rows], Columns]) -> TableRows:
    """Return a table whose rows are made a slice at a time."""

    def batches() -> Iterator[Any]:
        for start in range(0, count, _BATCH_ROWS):
            rows = slice(start, min(start + _BATCH_ROWS, count))
            yield pa.RecordBatch.from_pydict(columns(rows))

    return TableRows(name, count, batches)


def book_tables(book: MadeBook) -> list[TableRows]:
    """Return the tables in the order in which they can be loaded: what is referred to first."""
    edited = np.flatnonzero(book.policies.edited != NONE)
    edited = edited[np.argsort(book.policies.edited[edited], kind="stable")]
    names = name_words()
    return [
        _table_rows(
            "policies", len(book.policies.line), lambda rows: _policy_columns(book, rows, names)
        ),
        _table_rows(
            "policy_revisions",
            len(edited),
            lambda rows: _policy_revision_columns(book, edited, rows),
        ),
        _table_rows("claims", len(book.claims.line), lambda rows: _claim_columns(book, rows)),
        _table_rows(
            "claim_revisions",
            len(book.claim_revisions.claim),
            lambda rows: _claim_revision_columns(book, rows),
        ),
        _table_rows(
            "ledger_entries", len(book.ledger.claim), lambda rows: _entry_columns(book, rows)
        ),
    ]


def _policy_columns(book: MadeBook, rows: Rows, names: NameWords) -> Columns:
    """Return columns of policies."""
    made = book.policies
    return {
        "id": _ids(rows),
        **_references("P", "policy_number", book.policy_years[rows], book.policy_numbers[rows]),
        "policyholder": names.names(made.line[rows], made.given[rows], made.surname[rows]),
        "recorded_at": _instants(made.recorded[rows]),
        "recorded_by": _repeated(RECORDED_BY, rows),
        "version": pa.array(np.where(made.edited[rows] == NONE, 1, 2)),
        "line_of_business": _words(_LINES, made.line[rows]),
        "inception_date": _days(made.inception[rows]),
        "expiry_date": _days(made.expiry[rows]),
        "premium": pa.array(made.premium[rows]),
        "deductible": pa.array(made.deductible[rows]),
        "sum_insured": _numbers(made.sum_insured[rows]),
        "cancelled_on": _days(made.cancelled[rows]),
    }


def _policy_revision_columns(book: MadeBook, edited: Array, rows: Rows) -> Columns:
    """Return columns of policies' facts before their one edit: not cancelled, the first premium."""
    at, made = edited[rows], book.policies
    kept = made.premium[at] == made.first_premium[at]
    return {
        "id": _ids(rows),
        "policy_id": pa.array(at + 1),
        "replaced_at": _instants(made.edited[at]),
        "replaced_by": _repeated(RECORDED_BY, rows),
        "policyholder_changed": pa.array(kept & (made.cancelled[at] == NONE)),
        "line_of_business": _words(_LINES, made.line[at]),
        "inception_date": _days(made.inception[at]),
        "expiry_date": _days(made.expiry[at]),
        "premium": pa.array(made.first_premium[at]),
        "deductible": pa.array(made.deductible[at]),
        "sum_insured": _numbers(made.sum_insured[at]),
        "cancelled_on": pa.nulls(len(at), pa.date32()),
    }


def _claim_columns(book: MadeBook, rows: Rows) -> Columns:
    """Return columns of claims, with when their last entry was, and the balances that it left."""
    made, state = book.claims, book.state
    moved = state.last_row[rows] != NONE
    return {
        "id": _ids(rows),
        **_references("C", "claim_reference", book.claim_years[rows], book.claim_numbers[rows]),
        "description": _described(made.cause[rows], rows),
        "status": _words(STATUSES, state.status[rows]),
        "paid": pa.array(state.paid[rows]),
        "outstanding": pa.array(state.outstanding[rows]),
        "recovered": pa.array(state.recovered[rows]),
        "closed_date": _days(state.closed[rows]),
        "last_transaction_date": _days(np.where(moved, state.day[rows], NONE)),
        "last_recorded_at": _instants(state.recorded[rows], moved),
        "recorded_at": _instants(made.recorded[rows]),
        "recorded_by": _repeated(RECORDED_BY, rows),
        "version": pa.array(book.claim_versions[rows]),
        "policy_id": _row_ids(made.policy[rows]),
        "cause": _words(CAUSES, made.cause[rows]),
        "loss_date": _days(made.loss[rows]),
        "reported_date": _days(made.reported[rows]),
    }


def _claim_revision_columns(book: MadeBook, rows: Rows) -> Columns:
    """Return columns of claims' facts before an edit."""
    made = book.claim_revisions
    return {
        "id": _ids(rows),
        "claim_id": _row_ids(made.claim[rows]),
        "replaced_at": _instants(made.replaced[rows]),
        "replaced_by": _repeated(RECORDED_BY, rows),
        "description_changed": pa.array(made.reworded[rows]),
        "policy_id": _row_ids(made.policy[rows]),
        "cause": _words(CAUSES, made.cause[rows]),
        "loss_date": _days(made.loss[rows]),
        "reported_date": _days(made.reported[rows]),
    }


def _entry_columns(book: MadeBook, rows: Rows) -> Columns:
    """Return columns of the ledger."""
    made = book.ledger
    return {
        "id": _ids(rows),
        "claim_id": _row_ids(made.claim[rows]),
        "entry_type": _words(TYPES, made.entry_type[rows]),
        "transaction_date": _days(made.day[rows]),
        "recorded_at": _instants(made.recorded[rows]),
        "imported_at": pa.nulls(rows.stop - rows.start, pa.timestamp("us")),
        "recorded_by": _repeated(RECORDED_BY, rows),
        "paid": pa.array(made.paid[rows]),
        "outstanding": pa.array(made.outstanding[rows]),
        "recovered": pa.array(made.recovered[rows]),
        "paid_after": pa.array(made.paid_after[rows]),
        "outstanding_after": pa.array(made.outstanding_after[rows]),
        "recovered_after": pa.array(made.recovered_after[rows]),
        "status_after": _words(STATUSES, made.status_after[rows]),
        "closed_date_after": _days(made.closed_after[rows]),
        "reason": _words(_REASONS, made.reason[rows]),
        "reverses": _row_ids(made.reverses[rows]),
    }


def _vocabulary(values: type[StrEnum]) -> Any:
    """Return the values of a closed list as Arrow text."""
    return pa.array([member.value for member in values])


_LINES = pa.array([profile.line.value for profile in PROFILES])
CAUSES, TYPES, STATUSES = _vocabulary(Cause), _vocabulary(EntryType), _vocabulary(Status)
_REASONS = pa.array(REOPENING_REASONS)
_UNKNOWN_CAUSE = "The letter does not say what happened."
_SENTENCES = [*(list(DESCRIPTIONS[cause]) for cause in Cause), [_UNKNOWN_CAUSE]]  # -1 is the last
_ALL_SENTENCES = pa.array([sentence for listed in _SENTENCES for sentence in listed])
_SENTENCE_COUNTS = np.array([len(listed) for listed in _SENTENCES])
_FIRST_SENTENCES = np.cumsum(_SENTENCE_COUNTS) - _SENTENCE_COUNTS


def _described(cause: Array, rows: Rows) -> Any:
    """Return a sentence that fits each cause."""
    turn = np.arange(rows.start, rows.stop) % _SENTENCE_COUNTS[cause]
    return _ALL_SENTENCES.take(pa.array(_FIRST_SENTENCES[cause] + turn))


def _ids(rows: Rows) -> Any:
    """Return the ids of a slice of rows: they count from one."""
    return pa.array(np.arange(rows.start + 1, rows.stop + 1))


def _repeated(text: str, rows: Rows) -> Any:
    """Return one text for each row."""
    return pa.repeat(text, rows.stop - rows.start)


def _numbers(values: Array) -> Any:
    """Return whole numbers, NULL for NONE."""
    return pa.array(values, mask=values == NONE)


def _row_ids(found: Array) -> Any:
    """Return the ids of rows, NULL for NONE."""
    return pa.array(found + 1, mask=found == NONE)


def _days(values: Array) -> Any:
    """Return days, NULL for NONE."""
    return pa.array(values.astype(np.int32), mask=values == NONE).cast(pa.date32())


def _instants(seconds: Array, is_there: Array | None = None) -> Any:
    """Return instants, NULL where there is none; their text is the one that both databases keep."""
    mask = None if is_there is None else ~is_there
    return pa.array(seconds * 1_000_000, mask=mask).cast(pa.timestamp("us"))


def _words(listed: Any, codes: Array) -> Any:
    """Return members of a list, NULL for NONE."""
    return listed.take(pa.array(codes, mask=codes == NONE))


def _references(prefix: str, name: str, years: Array, numbers: Array) -> Columns:
    """Return references as the book allots them, C-2024-000001, and the keys that find them."""
    year, number = (pa.array(each).cast(pa.string()) for each in (years, numbers))
    number = pc.utf8_lpad(number, 6, "0")
    return {
        name: pc.binary_join_element_wise(prefix, year, number, "-"),
        f"{name}_key": pc.binary_join_element_wise(prefix.casefold(), year, number, "-"),
    }
