"""Scores rows with libmaxai.so, by ctypes: numpy arrays, pandas and pyarrow tables are read where they are.

    model = maxai.load("model.maxb")
    model.predict(rows)                 # a 2-d array of numbers, or a table with the model's columns
    {'probability': array([...], dtype=float32)}

The library is found by MAXAI_LIBRARY, beside this file, in build/lib or dist/lib of a source tree, or by the system's loader.
"""

import collections
import ctypes
import os
import pathlib
import threading

import numpy as np

Column = collections.namedtuple("Column", "name dtype missing")
Output = collections.namedtuple("Output", "name dtype width labels")

_TYPES = {1: "float64", 2: "float32", 3: "float16", 5: "int64", 6: "int32", 7: "int16", 8: "int8", 9: "uint64", 10: "uint32",
          11: "uint16", 12: "uint8", 13: "bool", 15: "datetime64[us]"}
_CODES = {np.dtype(name): code for code, name in _TYPES.items()}
_STRING, _BF16 = 14, 4
_MISSING = ("refused", "nan", "value")


class Error(Exception):
    """What the library says, and its code (maxai.h)."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class _String(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]

    def text(self):
        return ctypes.string_at(self.data, self.size).decode("utf-8", "replace") if self.data else ""


class _Info(ctypes.Structure):
    _fields_ = [(name, _String) for name in ("name", "version", "digest", "source", "kernels")] + [
        ("columns", ctypes.c_size_t), ("outputs", ctypes.c_size_t)]


class _ColumnInfo(ctypes.Structure):
    _fields_ = [("name", _String), ("type", ctypes.c_int32), ("missing", ctypes.c_int32), ("number", ctypes.c_double), ("text", _String)]


class _OutputInfo(ctypes.Structure):
    _fields_ = [("name", _String), ("type", ctypes.c_int32), ("width", ctypes.c_size_t), ("labels", ctypes.c_size_t)]


class _View(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int32), ("flags", ctypes.c_int32), ("values", ctypes.c_void_p), ("stride", ctypes.c_ssize_t),
                ("offsets", ctypes.c_void_p), ("validity", ctypes.c_void_p), ("validity_offset", ctypes.c_int64),
                ("bit_offset", ctypes.c_int64)]


def _open():
    here = pathlib.Path(__file__).resolve().parent
    named = os.environ.get("MAXAI_LIBRARY")
    places = [named] if named else [str(p) for p in (
        here / "libmaxai.so", here.parents[2] / "build/lib/libmaxai.so", here.parents[2] / "dist/lib/libmaxai.so") if p.exists()]
    library = ctypes.CDLL(places[0] if places else "libmaxai.so")
    size, pointer, code = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int32
    for name, arguments in {
        "load_file": [ctypes.c_char_p, pointer], "load_memory": [ctypes.c_char_p, size, pointer], "model_describe": [pointer, pointer],
        "model_column": [pointer, size, pointer], "model_output": [pointer, size, pointer],
        "model_output_label": [pointer, size, size, pointer], "context_new": [pointer, size, size, pointer],
        "predict": [pointer, pointer, size, size], "predict_f32": [pointer, pointer, size, size, ctypes.c_ssize_t],
        "predict_f64": [pointer, pointer, size, size, ctypes.c_ssize_t], "output": [pointer, size, pointer, pointer],
        "predict_arrow": [pointer, pointer, pointer],
    }.items():
        function = getattr(library, f"maxai_{name}")
        function.argtypes, function.restype = arguments, code
    for name in ("model_free", "context_free"):
        getattr(library, f"maxai_{name}").argtypes = [pointer]
        getattr(library, f"maxai_{name}").restype = None
    library.maxai_version.restype = library.maxai_last_error.restype = ctypes.c_char_p
    return library


_library = _open()


def version():
    return _library.maxai_version().decode()


def _check(code):
    if code:
        raise Error(code, _library.maxai_last_error().decode("utf-8", "replace"))


def load(source):
    """A model from the path of a bundle, or from its bytes."""
    return Model(source)


class _Context:
    """Memory of one call at a time; grows to the largest call."""

    def __init__(self, model, rows, threads):
        self.rows, self.handle = rows, ctypes.c_void_p()
        _check(_library.maxai_context_new(model, rows, threads, ctypes.byref(self.handle)))

    def __del__(self):
        if getattr(self, "handle", None):
            _library.maxai_context_free(self.handle)


class Model:
    """A loaded bundle. May be used from several threads; `threads` of each call share its rows."""

    def __init__(self, source, threads=1):
        self._handle, self._local, self.threads = ctypes.c_void_p(), threading.local(), threads
        if isinstance(source, (bytes, bytearray)):
            _check(_library.maxai_load_memory(bytes(source), len(source), ctypes.byref(self._handle)))
        else:
            _check(_library.maxai_load_file(os.fsencode(source), ctypes.byref(self._handle)))
        info = _Info()
        _check(_library.maxai_model_describe(self._handle, ctypes.byref(info)))
        self.name, self.version, self.digest, self.source, self.kernels = (
            getattr(info, part).text() for part in ("name", "version", "digest", "source", "kernels"))
        self.columns = [self._column(i) for i in range(info.columns)]
        self.outputs = [self._output(i) for i in range(info.outputs)]

    def __del__(self):
        if getattr(self, "_handle", None):
            _library.maxai_model_free(self._handle)

    def predict(self, rows):
        """The outputs by name: `[rows]`, or `[rows, width]`.

        A 2-d array has the model's columns in their order. A pandas or pyarrow table has them by name. A dict of arrays does too.
        """
        if hasattr(rows, "__arrow_c_array__") or type(rows).__module__.split(".")[0] == "pyarrow":
            return self._arrow(rows)
        if type(rows).__module__.split(".")[0] == "pandas":
            import pyarrow

            names = [column.name for column in self.columns]
            return self._arrow(pyarrow.Table.from_pandas(rows[names], preserve_index=False))
        if isinstance(rows, dict):
            return self._views([np.asarray(rows[column.name]) for column in self.columns])
        return self._matrix(np.asarray(rows))

    def _matrix(self, rows):
        if rows.ndim != 2:
            raise Error(2, f"{rows.ndim} dimensions, expected rows and columns")
        count, columns = rows.shape
        call = {np.dtype("float32"): _library.maxai_predict_f32, np.dtype("float64"): _library.maxai_predict_f64}.get(rows.dtype)
        if call is None or columns != len(self.columns) or (columns > 1 and rows.strides[1] != rows.itemsize) or rows.strides[0] == 0:
            return self._views([rows[:, i] for i in range(columns)], count)
        context = self._context(count)
        _check(call(context.handle, rows.ctypes.data, columns, count, rows.strides[0]))
        return self._results(context, count)

    def _views(self, arrays, rows=None):
        rows = len(arrays[0]) if rows is None and arrays else rows or 0
        views, alive = (_View * max(len(arrays), 1))(), []
        for view, array in zip(views, arrays):
            if array.shape != (rows,):
                raise Error(2, f"an array of shape {array.shape}, expected ({rows},)")
            if array.dtype.kind in "USO":
                self._texts(view, array, alive)
                continue
            if array.dtype.kind == "M":
                array = array.astype("datetime64[us]")
            if array.dtype not in _CODES:
                raise Error(2, f"an array of {array.dtype}: no type of the model's")
            if rows and array.strides[0] == 0:
                array = np.ascontiguousarray(array)
            alive.append(array)
            view.type, view.values, view.stride = _CODES[array.dtype], array.ctypes.data, array.strides[0] if rows else 0
        context = self._context(rows)
        _check(_library.maxai_predict(context.handle, views, len(arrays), rows))
        return self._results(context, rows)

    @staticmethod
    def _texts(view, array, alive):
        """None is missing; other objects must be texts."""
        present = np.array([value is not None for value in array], bool)
        texts = [value if isinstance(value, bytes) else (value or "").encode() for value in array]
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum([len(text) for text in texts], out=offsets[1:])
        data, bits = np.frombuffer(b"".join(texts) + b"\0", np.uint8), np.packbits(present, bitorder="little")
        alive += [offsets, data, bits]
        view.type, view.flags, view.values, view.offsets = _STRING, 1, data.ctypes.data, offsets.ctypes.data
        if not present.all():
            view.validity = bits.ctypes.data

    def _arrow(self, table):
        import pyarrow

        if isinstance(table, pyarrow.Table):
            batches = table.combine_chunks().to_batches()
            table = batches[0] if batches else pyarrow.RecordBatch.from_pylist([], schema=table.schema)
        schema, array = table.__arrow_c_array__()
        context = self._context(table.num_rows if hasattr(table, "num_rows") else len(table))
        _check(_library.maxai_predict_arrow(context.handle, _capsule(array, b"arrow_array"), _capsule(schema, b"arrow_schema")))
        return self._results(context, table.num_rows if hasattr(table, "num_rows") else len(table))

    def _context(self, rows):
        context = getattr(self._local, "context", None)
        if context is None or context.rows < rows:
            context = self._local.context = _Context(self._handle, max(rows, 1), self.threads)
        return context

    def _results(self, context, rows):
        found, start, count = {}, ctypes.c_void_p(), ctypes.c_size_t()
        for index, output in enumerate(self.outputs):
            _check(_library.maxai_output(context.handle, index, ctypes.byref(start), ctypes.byref(count)))
            if output.dtype == "string":
                strings = ctypes.cast(start, ctypes.POINTER(_String))
                values = np.array([strings[i].text() for i in range(count.value)], object)
            elif output.dtype == "bfloat16":
                bits = np.frombuffer(ctypes.string_at(start, count.value * 2), np.uint16)
                values = (bits.astype(np.uint32) << 16).view(np.float32)
            else:
                values = np.frombuffer(bytearray(ctypes.string_at(start, count.value * np.dtype(output.dtype).itemsize)), output.dtype)
            found[output.name] = values if output.width == 1 else values.reshape(rows, output.width)
        return found

    def _column(self, index):
        info = _ColumnInfo()
        _check(_library.maxai_model_column(self._handle, index, ctypes.byref(info)))
        return Column(info.name.text(), _name(info.type), _MISSING[info.missing])

    def _output(self, index):
        info, label, labels = _OutputInfo(), _String(), []
        _check(_library.maxai_model_output(self._handle, index, ctypes.byref(info)))
        for position in range(info.labels):
            _check(_library.maxai_model_output_label(self._handle, index, position, ctypes.byref(label)))
            labels.append(label.text())
        return Output(info.name.text(), _name(info.type), info.width, labels)


def _name(code):
    return {_STRING: "string", _BF16: "bfloat16"}.get(code) or _TYPES[code]


def _capsule(capsule, name):
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, name)
