"""The tables of a sheet: which rows show their totals."""

import re

from flaskr.files.readers.xlsx.rows import column_number
from flaskr.files.readers.xlsx.workbook import Workbook
from flaskr.files.readers.xlsx.xml import Attributes, local_name, parse_elements

_AREA = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7}):\$?([A-Z]{1,3})\$?([0-9]{1,7})", re.ASCII)
_MOST_ROWS = 10  # of totals in one table; Excel has one


def totals_rows(workbook: Workbook, path: str) -> dict[int, range]:
    """Return the rows of a sheet that are totals of a table, with the columns of that table."""
    rows: dict[int, range] = {}

    def note(element: str, attributes: Attributes) -> None:
        if local_name(element) == "table":
            area = _AREA.fullmatch(attributes.get("ref", ""))
            count = min(int(attributes.get("totalsRowCount", "0")), _MOST_ROWS)
            if area and count:
                columns = range(column_number(area[1]), column_number(area[3]) + 1)
                last = int(area[4])
                rows.update(dict.fromkeys(range(last - count + 1, last + 1), columns))

    for part_path in workbook.related_paths(path, "table"):
        with workbook.archive.open(part_path) as part:
            parse_elements(part, note)
    return rows
