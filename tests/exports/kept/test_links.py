"""The links of kept exports to the pages of what they have."""

import re
from html import unescape

from tests.exports.kept.test_pages import keep


def test_a_file_as_at_a_date_leads_to_the_page_of_its_rows(client, small_book):
    cut = "as_at=2024-12-31&basis=booked"
    claims, ledger = f"contents=claims&status=open&sort=-paid&{cut}", f"contents=ledger&{cut}"
    keep(client, "Claims", f"/exports?{claims}")
    keep(client, "Ledger", f"/exports?{ledger}&transaction_from=2024-01-01")
    keep(client, "Policies", f"/exports?contents=policies&line_of_business=home&{cut}")
    keep(client, "Today")

    found = re.findall(r'<a href="([^"]+)">show (\w+)<', client.get("/exports").text)

    assert [(unescape(address), kind) for address, kind in found] == [
        (
            "/policies?as_at=2024-12-31&basis=booked&line_of_business=home&sort=-recorded",
            "policies",
        ),
        ("/claims?as_at=2024-12-31&basis=booked", "claims"),
        ("/claims?as_at=2024-12-31&basis=booked&status=open&sort=-paid", "claims"),
    ]
    assert {client.get(unescape(address)).status_code for address, _ in found} == {200}
