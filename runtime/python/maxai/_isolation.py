"""IsolationForest: path lengths summed over the trees, then 2^-(sum / expected sum), negated."""

import numpy as np

from . import _columns, _outputs
from ._graph import F32
from ._trees import Ensemble, of_tree


def export(builder, estimator, columns):
    from sklearn.ensemble._iforest import _average_path_length

    inputs = _columns.floats(builder, columns, allows_nan=True)
    ensemble = Ensemble([0.0])
    is_subset = estimator._max_features != estimator.n_features_in_
    for k, (each, features) in enumerate(zip(estimator.estimators_, estimator.estimators_features_, strict=True)):
        depths = estimator._decision_path_lengths[k] + estimator._average_path_length_per_tree[k] - 1.0
        ensemble.add(values=depths, **of_tree(each.tree_, features if is_subset else None))
    raw = ensemble.node(builder, _columns.matrix(builder, inputs, F32))
    depth = _outputs.column(builder, raw)
    expected = (len(estimator.estimators_) * _average_path_length([estimator._max_samples]))[0]

    def number(value):
        return builder.constant(value, np.float64)

    # Trees of one row have no length: scikit-learn takes 1 for 0 / 0.
    ratio = builder.add("div", depth, number(expected)) if expected else builder.add("add", depth, number(1.0))
    score = builder.add("neg", builder.add("pow", number(2.0), builder.add("neg", ratio)))
    decision = builder.add("sub", score, number(estimator.offset_))
    outside = builder.add("less", decision, number(0.0))
    builder.output("raw", raw)
    builder.output("score", score)
    builder.output("decision", decision)
    one, minus_one = builder.constant(1, np.int64), builder.constant(-1, np.int64)
    builder.output("prediction", builder.add("where", outside, minus_one, one))
