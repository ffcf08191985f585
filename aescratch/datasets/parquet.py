"""A .parquet file, read by pyarrow if that is installed, and then like a .csv: labels, words, missing values.

    bytes --pyarrow--> columns --> their names, and the lines of a .csv --tables.py--> Table
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from aescratch.datasets.errors import DataFileError
from aescratch.datasets.limits import MAXIMUM_VALUES
from aescratch.datasets.tables import Place, Table, parse_csv
from aescratch.foundations.language import gettext, gettext_noop

PARQUET_MAGIC = b"PAR1"


def parse_parquet(contents: bytes, path: Path, categories: Sequence[str] = (), like: Sequence[str] = ()) -> Table:
    """Read a .parquet as `parse_csv` reads a table; rows are counted from 1."""
    try:
        import pyarrow
        from pyarrow import compute, csv, parquet
    except ModuleNotFoundError as error:
        message = gettext(
            "{path} is a .parquet, which needs pyarrow, but that isn't installed; pip install pyarrow, or save a .csv"
        )
        raise ModuleNotFoundError(message.format(path=path)) from error
    try:
        file = parquet.ParquetFile(io.BytesIO(contents))
        count = file.metadata.num_rows * file.metadata.num_columns
        if count > MAXIMUM_VALUES:  # a few bytes can represent many equal values
            message = gettext("{path} has {size:,} values and at most {most:,} are read; split the file")
            raise DataFileError(message.format(path=path, size=count, most=MAXIMUM_VALUES))
        table = file.read()
        for number, field in enumerate(table.schema):
            if pyarrow.types.is_boolean(field.type):
                table = table.set_column(number, field.name, compute.cast(table.column(number), "int8"))
        rows = io.BytesIO()
        csv.write_csv(table, rows, csv.WriteOptions(include_header=False))
    except (pyarrow.ArrowException, OSError) as error:
        message = gettext("{path} can't be read: {problem}; save a .csv")
        raise DataFileError(message.format(path=path, problem=str(error).splitlines()[0].rstrip("."))) from error
    names = table.column_names
    if numbered := [name for name in names if name.startswith("__index_level_")]:
        message = gettext("{path} has row numbers in column {name!r}; save the data frame with index=False")
        raise DataFileError(message.format(path=path, name=numbered[0]))
    return parse_csv(rows.getvalue(), Place(path, word=gettext_noop("row")), categories, names, like=like)
