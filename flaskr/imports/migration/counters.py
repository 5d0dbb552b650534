"""The counters of references that a migration must move past the references it brings."""

from flaskr.imports.dry_run.staging import Staging


def highest_allotted(staging: Staging) -> dict[str, int]:
    """Return the highest number of references in the book's own pattern, by counter."""
    numbers = staging.run(
        "SELECT upper(regexp_extract(key, '^([cp]-[0-9]{4})-([0-9]{6,12})$', 1)) AS name, "
        "max(regexp_extract(key, '^([cp]-[0-9]{4})-([0-9]{6,12})$', 2)::BIGINT) FROM "
        "(SELECT policy_key AS key FROM new_policies UNION ALL SELECT claim_key FROM new_claims) "
        "WHERE regexp_full_match(key, '[cp]-[0-9]{4}-[0-9]{6,12}') GROUP BY name"
    ).fetchall()
    return dict(numbers)
