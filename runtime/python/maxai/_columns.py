"""The columns that a model asks for, and the matrix that they make."""

import numpy as np

from ._errors import ExportError
from ._graph import F64, Element
from ._container import STRING


class Column:
    """A column of the table: its type is what the first to read it asks for."""

    def __init__(self, position, name):
        self.position, self.name = position, name
        self._value = self._type = None

    def read(self, builder, element, missing):
        if self._value is None:
            self._type = element
            self._value = builder.input(self.position, self.name, element, missing)
        if self._type != element:
            raise ExportError(f"column {self.name!r}: read as numbers and as texts, expected one of them")
        return self._value


def of(estimator, given):
    """The columns of the table, by the names given, those that it was fitted with, or x0, x1, …"""
    return [Column(position, name) for position, name in enumerate(_names(estimator, given))]


def _names(estimator, given):
    count = estimator.n_features_in_
    if given is None:
        given = getattr(estimator, "feature_names_in_", None)
    if given is None:
        return [f"x{position}" for position in range(count)]
    given = list(given)
    if len(given) != count:
        raise ExportError(f"column_names: found {len(given)} names, expected {count}, one per feature")
    for name in given:
        if not isinstance(name, str) or not name:
            raise ExportError(f"column_names: found {name!r}, expected a text that is not empty")
        if given.count(name) > 1:
            raise ExportError(f"column_names: found {name!r} twice, expected distinct names")
    return [str(name) for name in given]


def matrix(builder, columns, element=None):
    """Columns `[N]` side by side, as f64, or cast to another element type."""
    axes = builder.constant([1], np.int64)
    parts = [builder.add("unsqueeze", part, axes) for part in columns]
    joined = builder.add("concat", *parts, axis=1)
    return joined if element is None else builder.add("cast", joined, to=Element(element))


def floats(builder, columns, allows_nan):
    """Columns, or values that a transformer made of them, as f64; where NaN is refused, a value must be there."""
    return [
        each.read(builder, F64, "nan" if allows_nan else None) if isinstance(each, Column) else each for each in columns]


def name_of(column):
    return f"column {column.name!r}" if isinstance(column, Column) else "a transformed column"


def category_input(builder, column, categories):
    """The value of a column with these categories, of which NaN and None stand for a missing value, and the
    categories that are there: a list of floats or of texts. A missing text is one that is no category."""
    values = [value for value in np.asarray(categories).tolist() if not _is_missing(value)]
    if values and all(isinstance(value, str) for value in values) and isinstance(column, Column):
        absent = ""
        while absent in values:
            absent += "?"
        return column.read(builder, STRING, [absent]), values
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        if any(abs(value) > 2**53 for value in values):
            raise ExportError(f"{name_of(column)}: found a category beyond ±2^53, expected numbers that float64 holds")
        return floats(builder, [column], allows_nan=True)[0], [float(value) for value in values]
    raise ExportError(f"{name_of(column)}: found categories of {np.asarray(categories).dtype}, expected numbers or texts")


def _is_missing(value):
    """None, NaN, and pandas' NA, which compares with nothing."""
    return value is None or type(value).__name__ == "NAType" or value != value


def category_codes(builder, value, categories, unknown=np.nan, missing=None):
    """The position of each value among the categories, as f64; for NaN `missing`, if given, and for others `unknown`."""
    codes = np.arange(len(categories), dtype=np.float64)
    if categories and isinstance(categories[0], str):
        keys = {"keys_strings": categories}
    else:
        keys = {"keys_tensor": np.array(categories + ([] if missing is None else [np.nan]), np.float64)}
        codes = codes if missing is None else np.append(codes, missing)
    return builder.add("label_encoder", value, **keys, values_tensor=codes, default_tensor=np.array([unknown], np.float64))
