"""Every file format's writer on the same frames, and XLSX against DataFrame.to_excel.

    python -m tests.benchmarks.writers [rows] [runs]

Prints rows per second (medians), sizes and the ratio, then reads every cell of the workbook back;
the exit code is 1 when one differs or XLSX is not 1.7 times as fast.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from statistics import median

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.exports.making.file import DigestingFile
from flaskr.facts.claim_columns import CLAIM_COLUMNS
from flaskr.facts.columns import Column
from flaskr.facts.kinds import TEXTS, Kind
from flaskr.files.writers.arrow import ArrowWriter
from flaskr.files.writers.csv import CsvWriter
from flaskr.files.writers.excel_csv import ExcelCsvWriter
from flaskr.files.writers.frames import amounts_from_ore, schema_of
from flaskr.files.writers.json_lines import JsonLinesWriter
from flaskr.files.writers.parquet import ParquetWriter
from flaskr.files.writers.xlsx.sheet import SheetWriter

FRAME_ROWS = 65_536
GOAL = 1.7
WORDS = pa.array(["open", "closed", "reopened", "home", "motor", "water", "in_force"])
DESCRIPTIONS = pa.array(
    [
        "Vatten på golvet i köket efter att ett rör gått sönder",
        'Sten mot rutan på E4:an, "lång" spricka; ruta bytt\nVerkstad: Öberg & Co',
        "",
        "-5 grader, frusna ledningar i källaren",
    ]
)
WRITERS: dict[str, Callable] = {
    "csv": lambda file: CsvWriter(file, CLAIM_COLUMNS, is_raw=False),
    "csv excel-sv": lambda file: ExcelCsvWriter(file, CLAIM_COLUMNS, is_raw=False),
    "parquet": lambda file: ParquetWriter(file, CLAIM_COLUMNS),
    "arrow": lambda file: ArrowWriter(file, CLAIM_COLUMNS),
    "jsonl": lambda file: JsonLinesWriter(file, CLAIM_COLUMNS),
    "xlsx": lambda file: SheetWriter(file, CLAIM_COLUMNS),
}


def random_column(column: Column, rows: int, chance: np.random.Generator) -> pa.Array:
    """Plausible values, a tenth of dates and words missing."""
    numbers = chance.integers(0, 10**6, rows)
    if column.kind is Kind.AMOUNT:
        return amounts_from_ore(pa.array(numbers * chance.integers(0, 1000, rows)))
    if column.kind in TEXTS:
        if column.is_personal:
            return pc.take(DESCRIPTIONS, pa.array(numbers % len(DESCRIPTIONS)))
        return pc.binary_join_element_wise("C-2026-", pa.array(numbers).cast(pa.string()), "")
    missing = chance.random(rows) < 0.1
    if column.kind is Kind.DAY:
        return pa.array((15_000 + numbers % 5000).astype(np.int32), mask=missing).cast(pa.date32())
    return pc.take(WORDS, pa.array(numbers % len(WORDS), mask=missing))


def made_frame(rows: int) -> pd.DataFrame:
    chance = np.random.default_rng(7)
    arrays = [random_column(column, rows, chance) for column in CLAIM_COLUMNS]
    table = pa.Table.from_arrays(arrays, schema=schema_of(CLAIM_COLUMNS))
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def write(name: str, frame: pd.DataFrame, path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        writer = WRITERS[name](DigestingFile(file))
        for start in range(0, len(frame), FRAME_ROWS):
            writer.write(frame.iloc[start : start + FRAME_ROWS])
        writer.close()


def seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def differences(frame: pd.DataFrame, path: Path) -> Iterator[tuple]:
    """The cells of the workbook that are not the frame's, each read by openpyxl."""
    sheet = openpyxl.load_workbook(path, read_only=True).active
    expected = frame.astype(object).where(frame.notna(), None).itertuples(index=False)
    actual = sheet.iter_rows(min_row=2, values_only=True)
    for number, (wanted, cells) in enumerate(zip(expected, actual, strict=True)):
        for value, cell in zip(wanted, cells, strict=True):
            if same(cell) != value:
                yield number, value, cell


def same(cell: object) -> object:
    """A cell as the frame has it."""
    if isinstance(cell, datetime):
        return cell.date()
    return Decimal(repr(cell)) if isinstance(cell, float) else cell


def main(rows: int = 200_000, runs: int = 3) -> int:
    frame = made_frame(rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        took: dict[str, list[float]] = {format: [] for format in [*WRITERS, "to_excel"]}
        for _ in range(runs):
            for format in WRITERS:
                took[format].append(seconds(lambda f=format: write(f, frame, folder / f)))
            sheet = folder / "to_excel.xlsx"
            took["to_excel"].append(
                seconds(lambda p=sheet: frame.to_excel(p, engine="xlsxwriter", index=False))
            )
        for format, times in took.items():
            path = folder / ("to_excel.xlsx" if format == "to_excel" else format)
            size = path.stat().st_size / 1e6
            print(f"{format:12} {rows / median(times):>10,.0f} rows/s {size:>8.1f} MB")
        ratio = median(took["to_excel"]) / median(took["xlsx"])
        print(f"xlsx is {ratio:.1f} times as fast as DataFrame.to_excel (goal {GOAL})")
        (folder / "xlsx").rename(folder / "xlsx.xlsx")
        wrong = sum(1 for _ in differences(frame, folder / "xlsx.xlsx"))
        print(f"{rows * len(CLAIM_COLUMNS):,} cells read back, {wrong} differ")
    return int(wrong > 0 or ratio < GOAL)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
