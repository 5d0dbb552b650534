"""Files of policies and claims to import, made up: as Parquet and as CSV."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

FIRST_DAY = 18_000  # 2019-04-14, counted from 1970
LINES = ("home", "motor", "travel")
CAUSES = ("fire", "water", "theft", "storm")


def amounts(ore: np.ndarray) -> pa.Array:
    """Whole öre as decimals of two places."""
    texts = [f"{value // 100}.{value % 100:02d}" for value in ore.tolist()]
    return pa.array(texts).cast(pa.decimal128(18, 2))


def days(numbers: np.ndarray) -> pa.Array:
    return pa.array(numbers, pa.int32()).cast(pa.date32())


def write_files(folder: Path, claims: int) -> None:
    """Write policies and claims, five claims to a policy, each as .parquet and .csv."""
    chance = np.random.default_rng(1)
    count = max(claims // 5, 1)
    inception = chance.integers(FIRST_DAY, FIRST_DAY + 1500, count)
    numbers = pa.array([f"FÖ-{number:07d}" for number in range(count)])
    policies = pa.table(
        {
            "policy_number": numbers,
            "line_of_business": pa.array(LINES).take(pa.array(chance.integers(0, 3, count))),
            "policyholder": [f"Åsa Öberg {number}" for number in range(count)],
            "inception_date": days(inception),
            "expiry_date": days(inception + 365),
            "premium": amounts(chance.integers(100_000, 900_000, count)),
            "deductible": amounts(chance.integers(0, 300_000, count)),
        }
    )
    of_policy = chance.integers(0, count, claims)
    loss = inception[of_policy] + chance.integers(0, 365, claims)
    paid = chance.integers(0, 9_000_000, claims) * chance.integers(0, 2, claims)
    claim_rows = pa.table(
        {
            "claim_reference": [f"SK-{number:08d}" for number in range(claims)],
            "policy_number": numbers.take(pa.array(of_policy)),
            "cause": pa.array(CAUSES).take(pa.array(chance.integers(0, 4, claims))),
            "loss_date": days(loss),
            "reported_date": days(loss + chance.integers(0, 30, claims)),
            "paid": amounts(paid),
            "outstanding": amounts(chance.integers(0, 9_000_000, claims)),
            "recovered": amounts(paid // 10),
            "description": [f"Vattenskada i kök {number}" for number in range(claims)],
        }
    )
    for name, table in (("policies", policies), ("claims", claim_rows)):
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        pyarrow.csv.write_csv(table, folder / f"{name}.csv")
