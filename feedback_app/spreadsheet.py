"""Spreadsheets: lines of CSV (RFC 4180) in which no cell is taken for a formula."""

import csv
import io
from collections.abc import Iterable

TYPE = "text/csv; charset=utf-8; header=present"
# What spreadsheet programs take for the beginning of a formula, or skip on their way to one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def line(cells: Iterable[object]) -> str:
    """One line with its end. A text that could be a formula begins with an apostrophe, as ASVS 1.2.10 asks for."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([_cell(each) for each in cells])
    return written.getvalue()


def plain(cell: object) -> object:
    """A cell as it was before `line` made it harmless."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and _is_formula(cell) else cell


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _is_formula(value) else value


def _is_formula(text: str) -> bool:
    """Or one that is harmless already, which has to be told from one that was made so."""
    return text.lstrip("'").startswith(_FORMULA)
