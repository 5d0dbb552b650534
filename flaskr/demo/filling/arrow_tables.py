"""The tables of a demo book as Arrow batches, with the database's columns, in the order of ids."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.archive.bulk.tables import TableRows
from flaskr.claims.ledger.rules import REASON_REQUIRED
from flaskr.demo.filling.book import DemoBook
from flaskr.demo.filling.days import NONE, Array
from flaskr.demo.filling.names import NameWords, name_words
from flaskr.demo.profiles import DESCRIPTIONS, PROFILES, REOPENING_REASONS
from flaskr.facts.closed_lists import Cause, CostType, EntryType, ReasonCode, Status

_BATCH_ROWS = 65_536
RECORDED_BY = "command"

Rows = slice
ArrowColumns = dict[str, Any]


def _table_rows(name: str, count: int, columns: Callable[[Rows], ArrowColumns]) -> TableRows:
    """Return a table whose rows are built a slice at a time."""

    def batches() -> Iterator[Any]:
        for start in range(0, count, _BATCH_ROWS):
            rows = slice(start, min(start + _BATCH_ROWS, count))
            yield pa.RecordBatch.from_pydict(columns(rows))

    return TableRows(name, count, batches)


def book_tables(book: DemoBook) -> list[TableRows]:
    """Return the tables in loading order: a table comes after those that it refers to."""
    edited = np.flatnonzero(book.policies.edited != NONE)
    edited = edited[np.argsort(book.policies.edited[edited], kind="stable")]
    with_text = np.flatnonzero(book.ledger.reason != NONE)
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
        _table_rows(
            "entry_texts", len(with_text), lambda rows: _text_columns(book, with_text[rows])
        ),
    ]


def _policy_columns(book: DemoBook, rows: Rows, names: NameWords) -> ArrowColumns:
    """Return columns of policies."""
    policies = book.policies
    return {
        "id": _ids(rows),
        **_references("P", "policy_number", book.policy_years[rows], book.policy_numbers[rows]),
        "policyholder": names.names(
            policies.line[rows], policies.given[rows], policies.surname[rows]
        ),
        "recorded_at": _instants(policies.recorded[rows]),
        "recorded_by": _repeated(RECORDED_BY, rows),
        "version": pa.array(np.where(policies.edited[rows] == NONE, 1, 2)),
        "line_of_business": _members(_LINES, policies.line[rows]),
        "inception_date": _days(policies.inception[rows]),
        "expiry_date": _days(policies.expiry[rows]),
        "premium": pa.array(policies.premium[rows]),
        "deductible": pa.array(policies.deductible[rows]),
        "sum_insured": _numbers(policies.sum_insured[rows]),
        "cancelled_on": _days(policies.cancelled[rows]),
    }


def _policy_revision_columns(book: DemoBook, edited: Array, rows: Rows) -> ArrowColumns:
    """Return columns of policy revisions: not cancelled, with the first premium."""
    at, policies = edited[rows], book.policies
    has_first_premium = policies.premium[at] == policies.first_premium[at]
    return {
        "id": _ids(rows),
        "policy_id": pa.array(at + 1),
        "replaced_at": _instants(policies.edited[at]),
        "replaced_by": _repeated(RECORDED_BY, rows),
        "policyholder_changed": pa.array(has_first_premium & (policies.cancelled[at] == NONE)),
        "line_of_business": _members(_LINES, policies.line[at]),
        "inception_date": _days(policies.inception[at]),
        "expiry_date": _days(policies.expiry[at]),
        "premium": pa.array(policies.first_premium[at]),
        "deductible": pa.array(policies.deductible[at]),
        "sum_insured": _numbers(policies.sum_insured[at]),
        "cancelled_on": pa.nulls(len(at), pa.date32()),
    }


def _claim_columns(book: DemoBook, rows: Rows) -> ArrowColumns:
    """Return columns of claims, with their balances and the day and instant of their last entry."""
    claims, state = book.claims, book.state
    has_entry = state.last_row[rows] != NONE
    return {
        "id": _ids(rows),
        **_references("C", "claim_reference", book.claim_years[rows], book.claim_numbers[rows]),
        "description": _descriptions(claims.cause[rows], rows),
        "status": _members(STATUSES, state.status[rows]),
        "paid": pa.array(state.paid[rows]),
        "outstanding": pa.array(state.outstanding[rows]),
        "recovered": pa.array(state.recovered[rows]),
        "closed_date": _days(state.closed[rows]),
        "first_transaction_date": _days(state.first_day[rows]),
        "last_transaction_date": _days(np.where(has_entry, state.day[rows], NONE)),
        "last_recorded_at": _instants(state.recorded[rows], has_entry),
        "recorded_at": _instants(claims.recorded[rows]),
        "recorded_by": _repeated(RECORDED_BY, rows),
        "version": pa.array(book.claim_versions[rows]),
        "policy_id": _row_ids(claims.policy[rows]),
        "cause": _members(CAUSES, claims.cause[rows]),
        "loss_date": _days(claims.loss[rows]),
        "reported_date": _days(claims.reported[rows]),
    }


def _claim_revision_columns(book: DemoBook, rows: Rows) -> ArrowColumns:
    """Return columns of claim revisions: the facts before an edit."""
    revisions = book.claim_revisions
    return {
        "id": _ids(rows),
        "claim_id": _row_ids(revisions.claim[rows]),
        "replaced_at": _instants(revisions.replaced[rows]),
        "replaced_by": _repeated(RECORDED_BY, rows),
        "description_changed": pa.array(revisions.reworded[rows]),
        "policy_id": _row_ids(revisions.policy[rows]),
        "cause": _members(CAUSES, revisions.cause[rows]),
        "loss_date": _days(revisions.loss[rows]),
        "reported_date": _days(revisions.reported[rows]),
    }


def _entry_columns(book: DemoBook, rows: Rows) -> ArrowColumns:
    """Return columns of ledger entries."""
    entries = book.ledger
    return {
        "id": _ids(rows),
        "claim_id": _row_ids(entries.claim[rows]),
        "entry_type": _members(TYPES, entries.entry_type[rows]),
        "transaction_date": _days(entries.day[rows]),
        "recorded_at": _instants(entries.recorded[rows]),
        "imported_at": pa.nulls(rows.stop - rows.start, pa.timestamp("us")),
        "recorded_by": _repeated(RECORDED_BY, rows),
        "paid": pa.array(entries.paid[rows]),
        "outstanding": pa.array(entries.outstanding[rows]),
        "recovered": pa.array(entries.recovered[rows]),
        "paid_after": pa.array(entries.paid_after[rows]),
        "outstanding_after": pa.array(entries.outstanding_after[rows]),
        "recovered_after": pa.array(entries.recovered_after[rows]),
        "status_after": _members(STATUSES, entries.status_after[rows]),
        "closed_date_after": _days(entries.closed_after[rows]),
        "cost_type": _repeated(CostType.INDEMNITY.value, rows),
        "reason_code": _members(_REASON_CODES, entries.entry_type[rows]),
        "reverses": _row_ids(entries.reverses[rows]),
    }


def _text_columns(book: DemoBook, at: Array) -> ArrowColumns:
    """Return the columns of the texts of some entries."""
    return {"entry_id": pa.array(at + 1), "reason": _members(_REASONS, book.ledger.reason[at])}


def _vocabulary(values: type[StrEnum]) -> Any:
    """Return the values of a closed list as Arrow text."""
    return pa.array([member.value for member in values])


_LINES = pa.array([profile.line.value for profile in PROFILES])
CAUSES, TYPES, STATUSES = _vocabulary(Cause), _vocabulary(EntryType), _vocabulary(Status)
_REASONS = pa.array(REOPENING_REASONS)
_REASON_CODES = pa.array(
    [ReasonCode.OTHER.value if kind in REASON_REQUIRED else None for kind in EntryType]
)
_UNKNOWN_CAUSE = "The letter does not say what happened."
_SENTENCES = [*(list(DESCRIPTIONS[cause]) for cause in Cause), [_UNKNOWN_CAUSE]]  # -1 is the last
_ALL_SENTENCES = pa.array([sentence for sentences in _SENTENCES for sentence in sentences])
_SENTENCE_COUNTS = np.array([len(sentences) for sentences in _SENTENCES])
_FIRST_SENTENCES = np.cumsum(_SENTENCE_COUNTS) - _SENTENCE_COUNTS


def _descriptions(cause: Array, rows: Rows) -> Any:
    """Return a sentence that fits each cause."""
    turn = np.arange(rows.start, rows.stop) % _SENTENCE_COUNTS[cause]
    return _ALL_SENTENCES.take(pa.array(_FIRST_SENTENCES[cause] + turn))


def _ids(rows: Rows) -> Any:
    """Return the ids of a slice of rows; the first row has id 1."""
    return pa.array(np.arange(rows.start + 1, rows.stop + 1))


def _repeated(text: str, rows: Rows) -> Any:
    """Return one text for each row."""
    return pa.repeat(text, rows.stop - rows.start)


def _numbers(values: Array) -> Any:
    """Return whole numbers, NULL for NONE."""
    return pa.array(values, mask=values == NONE)


def _row_ids(rows: Array) -> Any:
    """Return the ids of rows, NULL for NONE."""
    return pa.array(rows + 1, mask=rows == NONE)


def _days(values: Array) -> Any:
    """Return days, NULL for NONE."""
    return pa.array(values.astype(np.int32), mask=values == NONE).cast(pa.date32())


def _instants(seconds: Array, has_value: Array | None = None) -> Any:
    """Return instants, NULL where `has_value` is false."""
    mask = None if has_value is None else ~has_value
    return pa.array(seconds * 1_000_000, mask=mask).cast(pa.timestamp("us"))


def _members(values: Any, codes: Array) -> Any:
    """Return members of a list, NULL for NONE."""
    return values.take(pa.array(codes, mask=codes == NONE))


def _references(prefix: str, name: str, years: Array, numbers: Array) -> ArrowColumns:
    """Return references in the book's own pattern, C-2024-000001, and their lookup keys."""
    year, number = (pa.array(each).cast(pa.string()) for each in (years, numbers))
    number = pc.utf8_lpad(number, 6, "0")
    return {
        name: pc.binary_join_element_wise(prefix, year, number, "-"),
        f"{name}_key": pc.binary_join_element_wise(prefix.casefold(), year, number, "-"),
    }
