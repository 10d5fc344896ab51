"""The error of the exporter."""


class ExportError(Exception):
    """A model that cannot be written exactly: the message says what, what was found, and what is expected."""
