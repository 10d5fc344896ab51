"""HistGradientBoostingClassifier and HistGradientBoostingRegressor: float64 columns, categories by membership."""

import numpy as np

from . import _columns, _outputs
from ._errors import ExportError
from ._trees import MISSING_GOES_TRUE, NAN_IS_MISSING, Ensemble


def export(builder, estimator, columns):
    matrix = _matrix(builder, estimator, columns)
    # scikit-learn starts from zeros and adds the baseline.
    base = 0.0 + np.asarray(estimator._baseline_prediction, np.float64).ravel()
    ensemble = Ensemble(base)
    for stage in estimator._predictors:
        for k, predictor in enumerate(stage):
            _add(ensemble, predictor, k)
    raw = ensemble.node(builder, matrix)
    link = type(estimator._loss.link).__name__
    if not hasattr(estimator, "classes_"):
        if link not in ("IdentityLink", "LogLink"):
            raise ExportError(f"loss {estimator.loss!r}: found the link {link}, expected identity or log")
        builder.output("raw", raw)
        score = _outputs.column(builder, raw)
        builder.output("prediction", builder.add("exp", score) if link == "LogLink" else score)
        return
    classes = estimator.classes_
    if len(classes) < 2:
        raise ExportError(f"classes_: found {len(classes)}, expected at least 2")
    builder.output("raw", raw, _outputs.label_texts(classes) if len(base) > 1 else ())
    if len(base) > 1:
        # The scores lie in columns, which NumPy adds one after the other.
        probability = _outputs.softmax(builder, raw, len(base), pairwise=False)
        index = _outputs.largest(builder, raw)
    else:
        if link != "LogitLink":
            raise ExportError(f"loss {estimator.loss!r}: found the link {link}, expected log_loss")
        probability = _outputs.two_probabilities(builder, _outputs.expit(builder, raw))
        above = builder.add("greater", _outputs.column(builder, raw), _outputs.zero(builder))
        index = _outputs.as_index(builder, above)
    builder.output("probability", probability, _outputs.label_texts(classes))
    builder.output("label", _outputs.label(builder, index, classes))


def _add(ensemble, predictor, output):
    nodes = predictor.nodes
    is_leaf = nodes["is_leaf"] != 0
    is_member = (nodes["is_categorical"] != 0) & ~is_leaf
    # Rows of eight words of 32 bits, the lowest first, are rows of four of 64.
    words = np.ascontiguousarray(predictor.raw_left_cat_bitsets, dtype="<u4").reshape(-1, 8).view("<u8")
    # Nothing is in an empty set, and no code of a category is -1 or less.
    is_empty = np.zeros(len(nodes), bool)
    is_empty[is_member] = ~words[nodes["bitset_idx"][is_member]].any(axis=1)
    is_member &= ~is_empty
    words = words[nodes["bitset_idx"][is_member]]
    goes_left = nodes["missing_go_to_left"] != 0
    ensemble.add(
        left=nodes["left"].astype(np.int64), right=nodes["right"].astype(np.int64), is_leaf=is_leaf,
        column=nodes["feature_idx"], threshold=np.where(is_empty, -1.0, nodes["num_threshold"]),
        missing=np.where(goes_left, NAN_IS_MISSING | MISSING_GOES_TRUE, NAN_IS_MISSING),
        values=nodes["value"], cover=nodes["count"], output=output, bits=(words, is_member))  # fmt: skip


def _matrix(builder, estimator, columns):
    """The columns in the order of the trees: with categories, the encoded ones come first."""
    if estimator._preprocessor is None:
        return _columns.matrix(builder, _columns.floats(builder, columns, allows_nan=True))
    is_category = np.asarray(estimator.is_categorical_, bool)
    encoder = estimator._preprocessor.named_transformers_["encoder"]
    categories = dict(zip(np.flatnonzero(is_category).tolist(), encoder.categories_, strict=True))
    known, rows = estimator._bin_mapper.make_known_categories_bitsets()
    inputs, values = [], {}
    for position, column in enumerate(columns):
        if position in categories:
            value, values[position] = _columns.category_input(builder, column, categories[position])
        else:
            value = _columns.floats(builder, [column], allows_nan=True)[0]
        inputs.append(value)
    parts = []
    for place, (position, texts) in enumerate(values.items()):
        bits = np.unpackbits(np.asarray(known[rows[place]], "<u4").view(np.uint8), bitorder="little")
        if not bits[: len(texts)].all():
            raise ExportError(f"{_columns.name_of(columns[position])}: the trees do not know every category of the encoder")
        parts.append(_columns.category_codes(builder, inputs[position], texts))
    parts += [inputs[position] for position in range(len(columns)) if position not in categories]
    return _columns.matrix(builder, parts)
