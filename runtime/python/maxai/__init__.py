"""MaxAI: exact models of tables.

`export` writes a fitted scikit-learn estimator as a file that maxai-compile takes; `load` scores with a bundle through
libmaxai. What needs more than the standard library is imported on first use.
"""

from ._errors import ExportError

__all__ = ["ExportError", "export", "load"]


def __getattr__(name):
    if name == "export":
        from ._export import export

        return export
    if name == "load":
        from ._runtime import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
