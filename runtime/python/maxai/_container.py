"""The container of formats/bundle.md: a header, a table of sections with their digests, and the sections."""

import hashlib
import struct

import numpy as np

from ._wire import Message

MAGIC = b"\x8bMXB\r\n\x1a\n"
PAGE = 4096
PIECE = 1 << 20
MANIFEST, GRAPH, CONSTANTS = 1, 2, 3
CRITICAL = 1

# The code of each element type, as NumPy names it; text is not among them.
ELEMENTS = {
    "float64": 1, "float32": 2, "float16": 3, "int64": 5, "int32": 6, "int16": 7, "int8": 8,
    "uint64": 9, "uint32": 10, "uint16": 11, "uint8": 12, "bool": 13,
}  # fmt: skip
STRING = 14


def container(name, version, producer, source, graph, constants):
    """The bytes of a .maxir file: the same for the same content, whatever the time, folder or host."""
    manifest = Message()
    for field, text in enumerate((name, version, producer, source), 1):
        manifest.text(field, text)
    sections = [(MANIFEST, manifest.encode()), (GRAPH, graph), (CONSTANTS, tensor_table(constants))]
    body, records, end = [], [], PAGE
    for kind, content in sections:
        start = _aligned(end, PAGE)
        body += [bytes(start - end), content]
        end = start + len(content)
        records.append(struct.pack("<IIQQQ", kind, CRITICAL, start, len(content), len(content)) + tree_digest(content))
    start = MAGIC + struct.pack("<HHIQQ", 1, 0, len(records), end, end)
    covered = start[:12] + struct.pack("<IQ", len(records), end) + b"".join(records)
    page = start + hashlib.sha256(covered).digest() + b"".join(records)
    return page.ljust(PAGE, b"\0") + b"".join(body)


def tree_digest(content):
    """The root of the RFC 6962 hash tree whose leaves are the pieces of 1 MiB."""
    if not content:
        return hashlib.sha256().digest()
    view = memoryview(content)
    leaves = [hashlib.sha256(b"\0" + view[at : at + PIECE]).digest() for at in range(0, len(content), PIECE)]
    return _root(leaves)


def _root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _root(leaves[:middle]) + _root(leaves[middle:])).digest()


def element_code(array):
    """The code of an array's element type; text is any array of str."""
    return STRING if array.dtype.kind in "OU" else ELEMENTS[array.dtype.name]


def tensor_bytes(array):
    """An array as a table holds it: little-endian, or for text the offsets and then the UTF-8 bytes."""
    if element_code(array) != STRING:
        return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    texts = [text.encode("utf-8") for text in array.ravel().tolist()]
    ends = np.cumsum([0] + [len(text) for text in texts]).astype("<u8")
    return ends.tobytes() + b"".join(texts)


def tensor_table(arrays):
    """The section of several arrays: one record each, then their data, each part at a multiple of 64."""
    head = struct.pack("<I", len(arrays)).ljust(64, b"\0")
    records, body, end = [], [], 64 + 96 * len(arrays)
    for array in arrays:
        content = tensor_bytes(array)
        start = _aligned(end, 64)
        extents = array.shape + (0,) * (8 - array.ndim)
        records.append(
            struct.pack("<BB6xQQ8Q8x", element_code(array), array.ndim, start, len(content), *extents))
        body += [bytes(start - end), content]
        end = start + len(content)
    return head + b"".join(records) + b"".join(body)


def _aligned(position, alignment):
    return -(-position // alignment) * alignment
