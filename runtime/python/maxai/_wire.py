"""The protobuf wire format, for writing: fields in the order of the calls, so equal calls give equal bytes."""

import struct


def varint(value):
    """A number of up to 64 bits, negative ones as two's complement."""
    rest, out = value & 0xFFFFFFFFFFFFFFFF, bytearray()
    while rest >= 0x80:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


class Message:
    """The fields of one message."""

    def __init__(self):
        self._parts = []

    def int(self, field, value):
        self._parts.append(varint(field << 3) + varint(value))

    def double(self, field, value):
        self._parts.append(varint(field << 3 | 1) + struct.pack("<d", value))

    def data(self, field, content):
        self._parts.append(varint(field << 3 | 2) + varint(len(content)) + content)

    def text(self, field, value):
        self.data(field, value.encode("utf-8"))

    def message(self, field, message):
        self.data(field, message.encode())

    def packed_ints(self, field, values):
        self.data(field, b"".join(map(varint, values)))

    def packed_doubles(self, field, values):
        self.data(field, struct.pack(f"<{len(values)}d", *values))

    def encode(self):
        return b"".join(self._parts)
