"""The page of one claim, now or as at a date."""

from typing import Any

from flask import redirect, render_template, request, url_for

from flaskr.claims.blueprint import blueprint, claim_or_404
from flaskr.claims.cut_queries import claim_as_at, entries_as_at
from flaskr.claims.history.queries import claim_history
from flaskr.claims.ledger.actions import allowed_actions, reversible_entry_ids
from flaskr.claims.ledger.balances import BalancesByType
from flaskr.claims.ledger.posting import coverage_reason
from flaskr.claims.ledger.rules import State
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.provenance import late_cover, why_claim_counts_later
from flaskr.claims.queries import balances_by_type, entries_of, entry_numbers
from flaskr.facts.closed_lists import CostType
from flaskr.facts.labels import EXCEPTION_MEANINGS
from flaskr.values.as_at import Valuation
from flaskr.web.page_addresses import takes
from flaskr.web.parameters import AsAtParameters, has_empty_values


@blueprint.get("/<reference:reference>")
@takes(AsAtParameters, "history")
def show(reference: str):
    """Show one claim: its facts, coverage, balances, ledger, and the allowed actions."""
    wanted = AsAtParameters.from_address(request.args)
    claim = claim_or_404(reference)
    if has_empty_values(request.args):
        address = url_for(".show", reference=claim.claim_reference, **wanted.parameters())
        return redirect(address)
    if wanted.valuation:
        return _show_cut(claim, wanted, wanted.valuation)
    entries = entries_of(claim)
    by_type = _balances_by_type(claim, entries)
    return _show_page(
        claim,
        [(entry, entry.state) for entry in entries],
        wanted=wanted,
        numbers={entry.id: number for number, entry in enumerate(entries, start=1)},
        by_type=by_type,
        actions=allowed_actions(claim, by_type),
        reversible=reversible_entry_ids(claim, entries),
        history=claim_history(claim, request.args.get("history", "1")),
    )


def _show_cut(current: Claim, wanted: AsAtParameters, valuation: Valuation):
    """Show a claim as at a date, without actions and history; 404 if it does not count yet."""
    claim = claim_as_at(current, valuation)
    if claim is None:
        reason = why_claim_counts_later(current, wanted.basis)
        context = {"claim": current, "wanted": wanted, "reason": reason}
        return render_template("claims/not_in_cut.html", **context), 404
    entries = entries_as_at(current, valuation)
    by_type = _balances_by_type(claim, [entry for entry, _ in entries], valuation)
    numbers = entry_numbers(current)
    return _show_page(claim, entries, wanted=wanted, numbers=numbers, by_type=by_type)


def _balances_by_type(
    claim: Claim, entries: list[LedgerEntry], valuation: Valuation | None = None
) -> BalancesByType:
    """Return the balances of a claim by cost type; they are only added up if it has expenses."""
    if any(entry.cost_type is CostType.EXPENSE for entry in entries):
        return balances_by_type(claim.id, claim.state, valuation)
    return {CostType.INDEMNITY: claim.state}


def _show_page(claim: Claim, entries: list[tuple[LedgerEntry, State]], **context: Any) -> str:
    """Return the page of a claim, with its entries and the state after each."""
    return render_template(
        "claims/show.html",
        claim=claim,
        entries=entries,
        EXCEPTION_MEANINGS=EXCEPTION_MEANINGS,
        coverage_reason=coverage_reason(claim),
        late_cover=late_cover(claim),
        reversed_by={entry.reverses: entry.id for entry, _ in entries if entry.reverses},
        **context,
    )
