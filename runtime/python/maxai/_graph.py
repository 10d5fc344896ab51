"""Builds a graph node by node, and encodes it as formats/graph.proto says.

Types are not inferred here: whoever reads the file infers and checks every one of them.
"""

import numpy as np

from ._container import ELEMENTS, STRING, element_code, tensor_bytes
from ._wire import Message

ROWS = "N"
F64, F32, I64, BOOL = (ELEMENTS[name] for name in ("float64", "float32", "int64", "bool"))


class Element(int):
    """The code of an element type, as the value of an attribute."""


class GraphBuilder:
    """Values are the results of nodes, from 0 on, and inputs, as `~position`; the file numbers inputs first.

    An attribute is given as an int, a float, a str, a list of one of them, an `Element`, or an array.
    """

    def __init__(self, name):
        self.name = name
        self.constants = []
        self._positions = {}
        self._inputs, self._nodes, self._outputs = {}, [], []

    def input(self, position, name, element, missing=None):
        """A column `[N]`; inputs stand in the order of their positions.

        missing: None (a value must be there), "nan", or a list with the value that stands for it.
        """
        type_, dimension, message = Message(), Message(), Message()
        dimension.text(2, ROWS)
        type_.int(1, element)
        type_.message(2, dimension)
        message.text(1, name)
        message.message(2, type_)
        if missing is not None:
            policy = Message()
            policy.int(1, 2 if missing == "nan" else 3)
            if missing != "nan":
                policy.message(2, self._attribute("", missing[0]))
            message.message(3, policy)
        self._inputs[position] = message
        return ~position

    def add(self, op, *operands, **attributes):
        """The one result of a new node."""
        encoded = [self._attribute(name, attributes[name]) for name in sorted(attributes)]
        self._nodes.append((op, operands, encoded))
        return len(self._nodes) - 1

    def constant(self, values, dtype=None):
        """A constant of any rank; a number gives rank 0."""
        return self.add("constant", value=np.asarray(values, dtype=dtype))

    def output(self, name, value, labels=()):
        self._outputs.append((name, value, labels))

    def encode(self):
        """The graph's section; its tensors are in `constants`."""
        places = {~position: place for place, position in enumerate(sorted(self._inputs))}
        places |= {node: len(self._inputs) + node for node in range(len(self._nodes))}
        graph = Message()
        graph.text(1, self.name)
        for position in sorted(self._inputs):
            graph.message(2, self._inputs[position])
        for op, operands, attributes in self._nodes:
            node = Message()
            node.text(1, op)
            node.packed_ints(2, [places[operand] + 1 for operand in operands])
            for attribute in attributes:
                node.message(3, attribute)
            node.int(4, 1)
            graph.message(3, node)
        for name, value, labels in self._outputs:
            output = Message()
            output.text(1, name)
            output.int(2, places[value])
            for label in labels:
                output.text(3, label)
            graph.message(4, output)
        return graph.encode()

    def _position(self, array):
        """Where the array stands among the constants, each of which stands there once."""
        array = np.ascontiguousarray(array).reshape(array.shape)
        key = (element_code(array), array.shape, tensor_bytes(array))
        if key not in self._positions:
            self._positions[key] = len(self.constants)
            self.constants.append(array)
        return self._positions[key]

    def _attribute(self, name, value):
        message = Message()
        message.text(1, name)
        if isinstance(value, np.ndarray):
            message.int(9, self._position(value))
        elif isinstance(value, Element):
            message.int(8, value)
        elif isinstance(value, list) and all(isinstance(x, str) for x in value):
            strings = Message()
            for text in value:
                strings.text(1, text)
            message.message(7, strings)
        elif isinstance(value, list) and all(isinstance(x, float) for x in value):
            message.packed_doubles(6, value)
        elif isinstance(value, list):
            message.packed_ints(5, value)
        elif isinstance(value, str):
            message.text(4, value)
        elif isinstance(value, float):
            message.double(3, value)
        else:
            message.int(2, int(value))
        return message
