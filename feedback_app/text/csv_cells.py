"""CSV (RFC 4180): write cells safe from formula injection; read files in any separator and Unicode encoding."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

TYPE = "text/csv; charset=utf-8; header=present"
# Byte order mark: without it, spreadsheet programs assume a legacy encoding.
BEGINNING = "\ufeff"
SEPARATORS = (",", ";", "\t", "|")
# Characters that start a formula in spreadsheet programs, half-width and full-width, also after spaces and quotes.
_FORMULA = r"=+\-@\uff1d\uff0b\uff0d\uff20"
# At the start of a cell, or of a part of it: some programs split at another separator or misread quotes.
_AT_FIRST, _WITHIN = rf"(?=[\"' ]*[{_FORMULA}\t\r\n\0])", rf"(?=[\"' ]*[{_FORMULA}])"
_SPLITS = r"(?<=[,;|\t\r\n])"
_HARMFUL = re.compile(f"^{_AT_FIRST}|{_SPLITS}{_WITHIN}")
_HARMLESS = re.compile(f"^'{_AT_FIRST}|{_SPLITS}'{_WITHIN}")
_SEPARATOR_LINE = re.compile(r"[\"']?sep=([^\s\"']|\t)[\"']?[ ,;\t]*(?:\r\n?|\n)", re.I)
# Encodings by first bytes. Longer ones come first: the UTF-32 mark begins with the UTF-16 mark.
_ENCODINGS = {
    re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff"): "utf-32",
    re.compile(rb"[^\0]\0\0\0"): "utf-32-le",
    re.compile(rb"\0\0\0[^\0]"): "utf-32-be",
    re.compile(rb"\xff\xfe|\xfe\xff"): "utf-16",
    re.compile(rb"[^\0]\0"): "utf-16-le",
    re.compile(rb"\0[^\0]"): "utf-16-be",
}


def line(cells: Iterable[object]) -> str:
    """One CSV line ending in CRLF. An apostrophe precedes what could be a formula (OWASP ASVS 1.2.10)."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerow([_cell(each) for each in cells])
    return buffer.getvalue()


def plain(cell: str) -> str:
    """The cell without the apostrophe that `line` added."""
    return _HARMLESS.sub("", cell)


def decoded(content: bytes) -> str:
    """The text of a UTF-8, UTF-16 or UTF-32 file, without its byte order mark.

    Raises ValueError, with a message for the user, when the bytes are in none of these encodings.
    """
    encoding = next((name for beginning, name in _ENCODINGS.items() if beginning.match(content)), "utf-8-sig")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        pass
    if encoding != "utf-8-sig":
        raise ValueError(f"is cut off, or no text in {encoding[:6].upper()}")
    raise ValueError("is not a text in UTF-8, but probably in Windows-1252 (ANSI). Save it as CSV in UTF-8")


def read(text: str, wanted: Sequence[str]) -> list[dict[str, str]]:
    """The non-empty rows, each a dict by lower-case column name. The separator is detected.

    Raises ValueError, with a message for the user, when the first line lacks a `wanted` column or names one twice, or
    when a line is malformed.
    """
    separators: Sequence[str] = SEPARATORS
    text = text.lstrip("\r\n")
    if separator_line := _SEPARATOR_LINE.match(text):
        text, separators = text[separator_line.end() :], separator_line.group(1)
    names, lines = max((_lines(text, each) for each in separators), key=lambda found: len({*found[0]} & {*wanted}))
    if missing := [name for name in wanted if name not in names]:
        raise ValueError(
            f"its first line must name the columns {' and '.join(wanted)}; {' and '.join(missing)} cannot be found"
        )
    if twice := next((name for name in names if name and names.count(name) > 1), None):
        raise ValueError(f"its first line names the column {twice} twice")
    rows = []
    try:
        for cells in lines:
            if len(cells) > len(names) and any(cells[len(names) :]):
                raise ValueError(f"line {lines.line_num} has more cells than the first line names columns")
            if any(cell.strip() for cell in cells):
                rows.append({name: plain(cell) for name, cell in zip(names, cells, strict=False) if name})
    except csv.Error as error:
        raise ValueError(f"line {lines.line_num} cannot be read ({error})") from None
    return rows


def _lines(text: str, separator: str) -> tuple[list[str], Any]:
    """The column names of the first line, and a reader for the remaining lines."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return [name.strip().lower() for name in next(lines, [])], lines
    except csv.Error:
        return [], lines


def _cell(value: object) -> object:
    return _HARMFUL.sub("'", value) if isinstance(value, str) else value
