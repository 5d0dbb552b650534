"""The columns of the feed of facts: each version of the facts of claims and policies."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from flaskr.facts.claim_columns import CLAIM_COLUMNS, CURRENCY
from flaskr.facts.closed_lists import Versioned, VersionedText
from flaskr.facts.columns import Column, Columns
from flaskr.facts.kinds import Kind
from flaskr.facts.policy_columns import POLICY_COLUMNS


def _facts(columns: Iterable[Column], key: str, of: str, of_sv: str) -> Iterator[Column]:
    """Yield the columns of facts that only the versions of one kind have."""
    for column in columns:
        if not (column.derived or column.is_personal or column.name == key):
            yield replace(
                column,
                meaning=f"{of}: {column.meaning}",
                meaning_sv=f"{of_sv}: {column.meaning_sv}",
                may_be_empty=True,
            )


# The amounts of claims are not facts: they follow from the ledger.
_CLAIM_FACTS = (column for column in CLAIM_COLUMNS if column.kind is not Kind.AMOUNT)

REVISION_COLUMNS: Columns = (
    Column(
        "kind",
        Kind.CHOICE,
        "whether the facts are of a claim or of a policy",
        "om uppgifterna gäller en skada (claim) eller en försäkring (policy)",
        choices=Versioned,
    ),
    Column(
        "reference",
        Kind.REFERENCE,
        "the claim's reference, or the policy's number",
        "skadenummer eller försäkringsnummer",
    ),
    Column(
        "version",
        Kind.NUMBER,
        "the number of the version: 1 as first recorded, and each edit adds 1; with kind and "
        "reference it identifies the row",
        "versionens nummer: 1 från början, och varje ändring lägger till 1; med kind och reference "
        "identifierar det raden",
    ),
    Column("recorded_at", Kind.INSTANT, "when this version was recorded", "när den registrerades"),
    Column("recorded_by", Kind.TEXT, "who recorded this version", "vem som registrerade den"),
    Column(
        "import_id",
        Kind.NUMBER,
        "the number of the import that brought this version; empty when it was typed",
        "numret på den import som versionen kom med; tomt när den skrevs in",
        may_be_empty=True,
    ),
    Column(
        "replaced_at",
        Kind.INSTANT,
        "when the next version replaced it; empty for the current version",
        "när nästa version ersatte den; tomt för den gällande versionen",
        may_be_empty=True,
    ),
    Column(
        "replaced_by",
        Kind.TEXT,
        "who recorded the next version; empty for the current version",
        "vem som registrerade nästa version; tomt för den gällande versionen",
        may_be_empty=True,
    ),
    Column(
        "text_changed",
        Kind.CHOICE,
        "description or policyholder if this version has another than the version before; the "
        "text itself is in no version",
        "description eller policyholder om den är en annan än i versionen före; själva texten "
        "finns inte i någon version",
        choices=VersionedText,
        may_be_empty=True,
    ),
    *_facts(_CLAIM_FACTS, "claim_reference", "of a claim", "för en skada"),
    *_facts(POLICY_COLUMNS, "policy_number", "of a policy", "för en försäkring"),
    CURRENCY,
)
