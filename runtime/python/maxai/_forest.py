"""Decision trees and averages of them: leaves hold class fractions or target values, in float64."""

import numpy as np

from . import _columns, _outputs
from ._graph import F32
from ._trees import Ensemble, of_tree


def export_tree(builder, estimator, columns):
    _export(builder, estimator, [estimator], columns, "sum")


def export_forest(builder, estimator, columns):
    _export(builder, estimator, list(estimator.estimators_), columns, "average")


def _export(builder, estimator, trees, columns, aggregate):
    allows_nan = trees[0].__sklearn_tags__().input_tags.allow_nan
    inputs = _columns.floats(builder, columns, allows_nan)
    classes = _classes(estimator)
    counts = [len(each) for each in classes] if classes is not None else [1] * estimator.n_outputs_
    total = sum(counts)
    values = [
        np.concatenate([each.tree_.value[:, k, :count] for k, count in enumerate(counts)], axis=1) for each in trees]
    # A forest starts from zeros. A single tree's value comes out as it is: only -0.0 + -0.0 is -0.0.
    keeps_sign = aggregate == "sum" and (np.signbit(values[0]) & (values[0] == 0)).any()
    ensemble = Ensemble([-0.0 if keeps_sign else 0.0] * total, total, aggregate)
    for each, scores in zip(trees, values, strict=True):
        ensemble.add(values=scores, **of_tree(each.tree_))
    scores = ensemble.node(builder, _columns.matrix(builder, inputs, F32))
    if classes is None:
        builder.output("prediction", _outputs.column(builder, scores) if total == 1 else scores)
        return
    start = 0
    for k, each in enumerate(classes):
        part = scores
        if len(classes) > 1:
            part = _outputs.columns_of(builder, scores, range(start, start + len(each)))
        start += len(each)
        suffix = f"_{k}" if len(classes) > 1 else ""
        builder.output("probability" + suffix, part, _outputs.label_texts(each))
        builder.output("label" + suffix, _outputs.label(builder, _outputs.largest(builder, part), each))


def _classes(estimator):
    """The classes of each output; None for a regressor."""
    if not hasattr(estimator, "classes_"):
        return None
    return [estimator.classes_] if estimator.n_outputs_ == 1 else list(estimator.classes_)
