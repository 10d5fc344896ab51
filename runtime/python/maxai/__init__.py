"""MaxAI: exact models of tables.

`export` writes a fitted scikit-learn estimator as a file that maxai-compile takes. What needs more than the
standard library is imported on first use.
"""

from ._errors import ExportError

__all__ = ["ExportError", "export"]


def __getattr__(name):
    if name == "export":
        from ._export import export

        return export
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
