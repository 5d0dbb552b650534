"""What an erasure did and what remains, in sentences for the command and the page."""

from collections.abc import Iterable, Iterator

from flaskr.privacy.queries import PersonRecords
from flaskr.privacy.remaining_copies import Copy, OwnFiles
from flaskr.privacy.services import ErasureResult


def _counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun in the singular or plural."""
    return f"{number} {one if number == 1 else many}"


def erased_sentence(result: ErasureResult) -> str:
    """Return how much was erased, as a sentence."""
    if not result.counts:
        return "There was nothing left to erase."
    texts = result.texts
    parts = [
        _counted(result.names, "policyholder", "policyholders"),
        _counted(texts.descriptions, "description", "descriptions"),
        f"{_counted(texts.entry_texts, 'text', 'texts')} of ledger entries",
        _counted(result.file_names, "name of an imported file", "names of imported files"),
        _counted(result.reasons, "reason in the trail", "reasons in the trail"),
    ]
    return f"Erased: {', '.join(parts[:-1])} and {parts[-1]}."


def deleted_files(files: OwnFiles) -> str:
    """Return which of the book's own files are deleted, as a sentence."""
    return f"{counted_files(files)} deleted."


def counted_files(files: OwnFiles) -> str:
    """Return how many of the book's own files are to be deleted."""
    exports = _counted(len(files.exports), "kept export", "kept exports")
    jobs = _counted(len(files.jobs), "imported file's folder", "folders of imported files")
    return f"{exports} and {jobs}"


def counted_records(records: PersonRecords) -> str:
    """Return of how many policies and claims the person's data are."""
    policies = _counted(len(records.policy_ids), "policy", "policies")
    claims = _counted(len(records.claim_ids), "claim", "claims")
    return f"The policyholder of {policies}, and the description and the ledger's texts of {claims}"


def copies_lines(copies: Iterable[Copy]) -> Iterator[str]:
    """Yield what remains as lines of a text."""
    for copy in copies:
        yield copy.text
        yield from (f"  {place}" for place in copy.places)
