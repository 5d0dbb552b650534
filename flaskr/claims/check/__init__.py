"""The rules that every row of a consistent book meets, and the correction of claims' balances."""
