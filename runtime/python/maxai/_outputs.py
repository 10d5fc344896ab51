"""What scikit-learn makes of raw scores: links, probabilities, labels; each in its order of operations."""

import numpy as np

from ._errors import ExportError
from ._graph import BOOL, I64, Element


def column(builder, matrix):
    """The one column of a matrix `[N, 1]`, as `[N]`."""
    return builder.add("squeeze", matrix, builder.constant([1], np.int64))


def columns_of(builder, matrix, positions):
    return builder.add("gather", matrix, builder.constant(positions, np.int64), axis=1)


def expit(builder, raw):
    """1 / (1 + e^-x), which is what SciPy computes."""
    return builder.add("logistic", raw, form="clamped")


def two_probabilities(builder, positive):
    """[1 - p, p] of a column `[N, 1]`."""
    negative = builder.add("sub", builder.constant(1.0, np.float64), positive)
    return builder.add("concat", negative, positive, axis=1)


def softmax(builder, raw, classes, pairwise):
    """e^(x - max) over its sum; pairwise: the sum of rows that lie together, as NumPy adds 8 and more numbers."""
    if not pairwise or classes < 8:
        return builder.add("softmax", raw, axis=1)
    top = builder.add("reduce_max", raw, builder.constant([1], np.int64), keepdims=1)
    powers = builder.add("exp", builder.add("sub", raw, top))
    return builder.add("div", powers, _pairwise_sum(builder, powers, 0, classes))


def _pairwise_sum(builder, x, start, end):
    """NumPy's sum of the columns from start to end: eight sums side by side, joined in pairs, then the rest."""
    count = end - start
    if count > 128:
        half = count // 2 - count // 2 % 8
        return builder.add(
            "add", _pairwise_sum(builder, x, start, start + half), _pairwise_sum(builder, x, start + half, end))
    if count < 8:
        total = columns_of(builder, x, [start])
        whole = start + 1
    else:
        whole = start + count - count % 8
        total = columns_of(builder, x, range(start, start + 8))
        for at in range(start + 8, whole, 8):
            total = builder.add("add", total, columns_of(builder, x, range(at, at + 8)))
        for width in (8, 4, 2):
            even, odd = range(0, width, 2), range(1, width, 2)
            total = builder.add("add", columns_of(builder, total, even), columns_of(builder, total, odd))
    for at in range(whole, end):
        total = builder.add("add", total, columns_of(builder, x, [at]))
    return total


def label_texts(classes):
    """The classes as the names of columns."""
    return [str(value) for value in np.asarray(classes).tolist()]


def label(builder, index, classes):
    """The class at each position of `index`, i64 `[N]`: an i64, f64, bool or string column."""
    classes = np.asarray(classes)
    kind, keys = classes.dtype.kind, list(range(len(classes)))
    if kind in "iu" and all(-(2**63) <= value < 2**63 for value in classes.tolist()):
        values = [int(value) for value in classes]
        if values == keys:
            return index
        return builder.add("label_encoder", index, keys_int64s=keys, values_int64s=values)
    if kind in "OU" and all(isinstance(value, str) for value in classes.tolist()):
        return builder.add("label_encoder", index, keys_int64s=keys, values_strings=[str(v) for v in classes.tolist()])
    if kind == "b":
        # Sorted, so that two classes are False and True.
        lone = index if len(classes) == 2 else builder.add("add", index, builder.constant(int(classes[0]), np.int64))
        return builder.add("cast", lone, to=Element(BOOL))
    if kind == "f":
        return builder.add(
            "label_encoder", index, keys_int64s=keys, values_tensor=classes.astype(np.float64),
            default_tensor=np.array([np.nan]))
    raise ExportError(f"classes_: found {classes.dtype}, expected integers, floats, booleans or texts")


def largest(builder, scores):
    """The position of each row's first largest score."""
    return builder.add("arg_max", scores, axis=1, keepdims=0)


def as_index(builder, condition):
    """0 or 1."""
    return builder.add("cast", condition, to=Element(I64))


def zero(builder):
    return builder.constant(0.0, np.float64)
