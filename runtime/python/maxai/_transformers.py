"""The transformers that may stand before a model: each makes columns of columns, as its own `transform` does on float64."""

import numpy as np

from . import _columns
from ._errors import ExportError
from ._graph import F64, Element


def transform(builder, step, columns):
    """The columns after a step of a pipeline: f64 values, or columns of the table that nothing has read."""
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return columns
    kind, module = type(step).__name__, type(step).__module__
    if not module.startswith("sklearn.") or kind not in TRANSFORMERS:
        raise ExportError(f"transformer: found {module}.{kind}, expected one of scikit-learn's {', '.join(sorted(TRANSFORMERS))}")
    return TRANSFORMERS[kind](builder, step, columns)


def _refuse_unless(step, **expected):
    """Settings that must be as they are expected."""
    for name, values in expected.items():
        found = getattr(step, name)
        if not any(found is value or found == value for value in values):
            wanted = " or ".join(map(repr, values))
            raise ExportError(f"{type(step).__name__}: found {name}={found!r}, expected {wanted}")


def _scale(builder, step, columns):
    values = _columns.floats(builder, columns, allows_nan=True)
    for name, op, is_used in (("mean_", "sub", step.with_mean), ("scale_", "div", step.with_std)):
        if is_used:
            constants = [builder.constant(number, np.float64) for number in getattr(step, name)]
            values = [builder.add(op, value, number) for value, number in zip(values, constants, strict=True)]
    return values


def _impute(builder, step, columns):
    _refuse_unless(step, add_indicator=[False])
    if not (isinstance(step.missing_values, float) and np.isnan(step.missing_values)) or step._fit_dtype.kind not in "fiu":
        raise ExportError(
            f"SimpleImputer: found missing_values={step.missing_values!r} in columns of {step._fit_dtype}, expected NaN in numbers")
    statistics = np.asarray(step.statistics_).astype(step._fill_dtype).astype(np.float64)
    out = []
    for column, number in zip(columns, statistics, strict=True):
        # A column without a value in training is left out, unless it is to be kept.
        if np.isnan(number) and not step.keep_empty_features:
            continue
        value = _columns.floats(builder, [column], allows_nan=True)[0]
        filled = builder.constant(number, np.float64)
        out.append(builder.add("where", builder.add("is_nan", value), filled, value))
    return out


def _known(builder, step, column, categories):
    """A column and its categories, and whether one of them is a missing value."""
    value, known = _columns.category_input(builder, column, categories)
    has_missing = len(known) < len(categories)
    if has_missing and known and isinstance(known[0], str):
        raise ExportError(
            f"{type(step).__name__}: {_columns.name_of(column)} has a missing text among its categories, "
            "expected it filled before, or HistGradientBoosting's own categorical_features")
    return value, known, has_missing


def _one_hot(builder, step, columns):
    _refuse_unless(step, handle_unknown=["ignore"], drop=[None], min_frequency=[None], max_categories=[None])
    out = []
    for column, categories in zip(columns, step.categories_, strict=True):
        value, known, has_missing = _known(builder, step, column, categories)
        codes = _columns.category_codes(builder, value, known)
        tests = [builder.add("equal", codes, builder.constant(k, np.float64)) for k in range(len(known))]
        if has_missing:
            tests.append(builder.add("is_nan", value))
        out += [builder.add("cast", test, to=Element(F64)) for test in tests]
    return out


def _ordinal(builder, step, columns):
    _refuse_unless(
        step, handle_unknown=["use_encoded_value"], dtype=[np.float64], min_frequency=[None], max_categories=[None])
    out = []
    for column, categories in zip(columns, step.categories_, strict=True):
        value, known, has_missing = _known(builder, step, column, categories)
        missing = float(step.encoded_missing_value) if has_missing else None
        out.append(_columns.category_codes(builder, value, known, float(step.unknown_value), missing))
    return out


def _identity(_, step, columns):
    _refuse_unless(step, func=[None])
    return columns


def _join(builder, step, columns):
    """Each transformer's columns, in the order of the transformers; what is dropped is not asked for."""
    out = []
    for name, inner, _ in step.transformers_:
        if isinstance(inner, str) and inner == "drop":
            continue
        chosen = [columns[position] for position in step._transformer_to_input_indices[name]]
        if chosen:
            out += transform(builder, inner, chosen)
    return out


def _chain(builder, step, columns):
    for _, inner in step.steps:
        columns = transform(builder, inner, columns)
    return columns


TRANSFORMERS = {
    "ColumnTransformer": _join, "FunctionTransformer": _identity, "OneHotEncoder": _one_hot, "OrdinalEncoder": _ordinal,
    "Pipeline": _chain, "SimpleImputer": _impute, "StandardScaler": _scale,
}  # fmt: skip
