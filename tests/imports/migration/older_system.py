"""Rows as an older system would write them: one policy, one claim, and its first entries."""

POLICIES = (
    "policy_number,line_of_business,inception_date,expiry_date,premium,deductible,recorded_at\n"
)
CLAIMS = "claim_reference,policy_number,loss_date,reported_date,recorded_at\n"
LEDGER = "claim_reference,entry_type,transaction_date,recorded_at,paid,outstanding,recovered\n"

HOME = "H1,home,2024-01-01,2025-01-01,500,100,\n"
WATER = "W1,H1,2024-03-01,2024-03-02,\n"
OPENED = "W1,RESERVE_OPEN,2024-03-02,2024-03-02T10:00+01:00,0,100,0\n"
PAID = "W1,PAYMENT,2024-03-05,2024-03-05T10:00+01:00,40,-40,0\n"
REVERSED = "W1,PAYMENT_REVERSAL,2024-03-07,2024-03-07T10:00+01:00,-40,40,0\n"
FUTURE = "2999-01-01T00:00:00+00:00"
CLOSED = "W1,RESERVE_CLOSE,2024-03-04,2024-03-04T10:00+01:00,0,-100,0\n"
