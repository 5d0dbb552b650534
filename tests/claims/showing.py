"""What the page of a claim shows, and which entries its ledger has."""

import re

from flaskr.claims.queries import claim_by_reference, entries_of


def ledger_of(app, reference: str) -> list[str]:
    """The types of a claim's entries."""
    with app.app_context():
        return [entry.entry_type.value for entry in entries_of(claim_by_reference(reference))]


def shown_by_type(client, reference: str = "W-1") -> dict[str, list[str]]:
    """The amounts that a claim's page shows by cost type: paid, outstanding, cost, recovered..."""
    page = client.get(f"/claims/{reference}").text
    table = re.search(r'<table class="table by-type">.*?</table>', page, re.DOTALL)
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', table[0], re.DOTALL) if table else []
    return {name: re.findall(r'class="money">(.*?)</td>', cells) for name, cells in rows}
