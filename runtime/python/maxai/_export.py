"""Writes a fitted scikit-learn estimator as a .maxir file."""

import os
import re

from . import _boosting, _columns, _forest, _histogram, _isolation, _transformers
from ._container import container
from ._errors import ExportError
from ._graph import GraphBuilder
from ._version import VERSION

# The releases whose predictions were compared with ours bit for bit.
SUPPORTED_RELEASES = ("1.9",)
EXPORTERS = {
    "DecisionTreeClassifier": _forest.export_tree,
    "DecisionTreeRegressor": _forest.export_tree,
    "ExtraTreeClassifier": _forest.export_tree,
    "ExtraTreeRegressor": _forest.export_tree,
    "RandomForestClassifier": _forest.export_forest,
    "RandomForestRegressor": _forest.export_forest,
    "ExtraTreesClassifier": _forest.export_forest,
    "ExtraTreesRegressor": _forest.export_forest,
    "GradientBoostingClassifier": _boosting.export,
    "GradientBoostingRegressor": _boosting.export,
    "HistGradientBoostingClassifier": _histogram.export,
    "HistGradientBoostingRegressor": _histogram.export,
    "IsolationForest": _isolation.export,
}
MODEL_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")


def export(estimator, path, *, name=None, version="1", column_names=None):
    """Writes a fitted scikit-learn estimator to `path`, which `maxai-compile path -o model.maxb` takes.

    The graph does what the estimator's own prediction does, in float64 and in the same order of operations, so that
    its scores are the same bit for bit. No pickle is read or written.

    Args:
        estimator: a fitted tree, forest, boosted ensemble or isolation forest of scikit-learn, or a Pipeline that ends
            in one.
        path: the file to write; it appears whole or not at all.
        name: the model's name, 1 to 128 of ``A-Z a-z 0-9 . _ -`` (default: the file's name).
        version: the model's version, of the same characters.
        column_names: one per feature (default: the names it was fitted with, or x0, x1, …).

    Raises:
        ExportError: what cannot be written exactly, by name, with what is expected instead.
    """
    path = os.fspath(path)
    if name is None:
        name = os.path.basename(path).split(".")[0]
    for what, text in (("name", name), ("version", version)):
        if not isinstance(text, str) or not MODEL_NAME.fullmatch(text):
            raise ExportError(f"{what}: found {text!r}, expected 1 to 128 of A-Z a-z 0-9 . _ - and no leading dot")
    release = _release(estimator)
    builder = GraphBuilder(name)
    _write(builder, estimator, _columns.of(estimator, column_names))
    source = f"scikit-learn {release} {type(estimator).__name__}"
    content = container(name, version, f"maxai {VERSION}", source, builder.encode(), builder.constants)
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


def _release(estimator):
    """The release of scikit-learn, after a look at the estimator."""
    kind, module = type(estimator).__name__, type(estimator).__module__
    # A subclass may predict in a way of its own.
    if not module.startswith("sklearn.") or kind not in (*EXPORTERS, "Pipeline"):
        known = ", ".join(sorted(EXPORTERS))
        raise ExportError(f"estimator: found {module}.{kind}, expected one of scikit-learn's {known}, or a Pipeline that ends in one")
    import sklearn

    release = sklearn.__version__
    if ".".join(release.split(".")[:2]) not in SUPPORTED_RELEASES:
        raise ExportError(f"scikit-learn: found release {release}, expected {' or '.join(SUPPORTED_RELEASES)}")
    if not hasattr(estimator, "n_features_in_"):
        raise ExportError(f"estimator: this {kind} is not fitted, expected one after fit")
    return release


def _write(builder, estimator, columns):
    if type(estimator).__name__ == "Pipeline":
        *steps, last = [step for _, step in estimator.steps]
        _release(last)
        for step in steps:
            columns = _transformers.transform(builder, step, columns)
        _write(builder, last, columns)
    else:
        EXPORTERS[type(estimator).__name__](builder, estimator, columns)
