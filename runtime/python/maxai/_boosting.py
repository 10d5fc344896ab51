"""GradientBoostingClassifier and GradientBoostingRegressor: start value + learning rate · leaf, stage by stage."""

import numpy as np

from . import _columns, _outputs
from ._errors import ExportError
from ._graph import F32
from ._trees import NAN_IS_NUMBER, Ensemble, of_tree

# The strategies of a dummy estimator whose prediction is the same for every row.
CONSTANT = ("mean", "median", "quantile", "constant", "prior", "most_frequent")


def export(builder, estimator, columns):
    base = _start(estimator)
    inputs = _columns.floats(builder, columns, allows_nan=False)
    ensemble = Ensemble(base)
    for stage in estimator.estimators_:
        for k, each in enumerate(stage):
            tree = each.tree_
            arrays = of_tree(tree) | {"missing": np.full(tree.node_count, NAN_IS_NUMBER)}
            ensemble.add(values=float(estimator.learning_rate) * tree.value[:, 0, 0], output=k, **arrays)
    raw = ensemble.node(builder, _columns.matrix(builder, inputs, F32))
    if not hasattr(estimator, "classes_"):
        builder.output("raw", raw)
        builder.output("prediction", _outputs.column(builder, raw))
        return
    builder.output("raw", raw, _outputs.label_texts(estimator.classes_) if len(base) > 1 else ())
    if len(base) > 1:
        probability = _outputs.softmax(builder, raw, len(base), pairwise=True)
        index = _outputs.largest(builder, raw)
    else:
        link = type(estimator._loss.link).__name__
        if link not in ("LogitLink", "HalfLogitLink"):
            raise ExportError(f"loss {estimator.loss!r}: found the link {link}, expected log_loss or exponential")
        doubled = builder.add("mul", builder.constant(2.0, np.float64), raw) if link == "HalfLogitLink" else raw
        probability = _outputs.two_probabilities(builder, _outputs.expit(builder, doubled))
        above = builder.add("greater_or_equal", _outputs.column(builder, raw), _outputs.zero(builder))
        index = _outputs.as_index(builder, above)
    builder.output("probability", probability, _outputs.label_texts(estimator.classes_))
    builder.output("label", _outputs.label(builder, index, estimator.classes_))


def _start(estimator):
    """The raw score of every row before the first stage."""
    init = estimator.init_
    if not (isinstance(init, str) and init == "zero"):
        module, kind = type(init).__module__, type(init).__name__
        if not (module.startswith("sklearn.") and kind in ("DummyClassifier", "DummyRegressor")):
            raise ExportError(f"init: found {kind}, expected None, 'zero', DummyClassifier or DummyRegressor")
        if init.strategy not in CONSTANT:
            raise ExportError(f"init: found strategy {init.strategy!r}, expected one of {', '.join(CONSTANT)}")
    return estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), np.float32))[0]
