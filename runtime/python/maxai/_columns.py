"""The columns that a model asks for, and the matrix that they make."""

import numpy as np

from ._errors import ExportError
from ._graph import F64, Element
from ._container import STRING


def names(estimator, given):
    """The names of the columns: those given, those that it was fitted with, or x0, x1, …"""
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


def floats(builder, labels, allows_nan):
    """One f64 input per name; where the estimator refuses NaN, a value must be there."""
    return [builder.input(name, F64, "nan" if allows_nan else None) for name in labels]


def category_input(builder, name, categories):
    """The input of a column with these categories, of which NaN and None stand for a missing value, and the
    values that are there: a list of floats or of texts."""
    values = [v for v in np.asarray(categories).tolist() if v is not None and v == v]
    if values and all(isinstance(value, str) for value in values):
        absent = ""
        while absent in values:
            absent += "?"
        return builder.input(name, STRING, [absent]), values
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        if any(abs(value) > 2**53 for value in values):
            raise ExportError(f"column {name!r}: found a category beyond ±2^53, expected numbers that float64 holds")
        return builder.input(name, F64, "nan"), [float(value) for value in values]
    raise ExportError(f"column {name!r}: found categories of {np.asarray(categories).dtype}, expected numbers or texts")


def category_codes(builder, value, categories):
    """The position of each value among the categories, as f64; NaN for any other value."""
    codes = np.arange(len(categories), dtype=np.float64)
    keys = {"keys_strings": categories} if categories and isinstance(categories[0], str) else {
        "keys_tensor": np.array(categories, np.float64)}
    return builder.add("label_encoder", value, **keys, values_tensor=codes, default_tensor=np.array([np.nan]))
