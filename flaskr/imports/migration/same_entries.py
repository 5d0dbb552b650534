"""The statement that finds the rows of a ledger that the book already has."""

# ruff: noqa: S608 - statements are built from names that the code declares

# An entry's type, but one for all in which money comes back: such an entry may have been taken as
# another type than the file's.
_KIND = """CASE WHEN entry_type IN ('PAYMENT', 'PAYMENT_REVERSAL', 'REPAYMENT', 'RECOVERY_REVERSAL',
    'ADJUSTMENT') AND least(paid, recovered) < 0 THEN 'back' ELSE entry_type END"""
# Entries that the book already has: compared by all columns, each occurrence once.
CREATE_SAME_ENTRIES = f"""CREATE TABLE same_entries AS
WITH counted AS (
    SELECT * REPLACE (coalesce(cost_type, 'indemnity') AS cost_type),
        row_number() OVER (PARTITION BY claim_key, {_KIND}, coalesce(cost_type, 'indemnity'),
            transaction_date, recorded_at, paid, outstanding, recovered ORDER BY row) AS nth,
        {_KIND} AS kind
    FROM ledger
), existing AS (
    SELECT e.*, b.claim_key, row_number() OVER (PARTITION BY b.claim_key, {_KIND}, cost_type,
            transaction_date, e.recorded_at, e.paid, e.outstanding, e.recovered ORDER BY e.id)
        AS nth, {_KIND} AS kind
    FROM (SELECT * FROM book_entries) e JOIN (SELECT id AS of_claim, claim_key FROM book_claims) b
        ON of_claim = e.claim_id
)
SELECT c.row FROM counted c JOIN existing e USING (claim_key, kind, cost_type, transaction_date,
    recorded_at, paid, outstanding, recovered, nth)
WHERE c.entry_type = e.entry_type
    OR list_contains(string_split(coalesce(e.exceptions, ''), ' '), 'other_type')"""
