"""Collects trees into the arrays of the operator `trees` (docs/operators.md)."""

import numpy as np

from ._errors import ExportError

LESS_OR_EQUAL, MEMBER = 0, 6
NAN_IS_NUMBER, NAN_IS_MISSING, MISSING_GOES_TRUE = 0, 1, 4


class Ensemble:
    """Trees in the order of summation, in float64 throughout.

    base: one start value per output. stride: values per leaf, for as many outputs in a row.
    """

    def __init__(self, base, stride=1, aggregate="sum"):
        self.base = np.asarray(base, dtype=np.float64)
        self.stride, self.aggregate = stride, aggregate
        self.node_count = self.leaf_count = 0
        self._parts, self._sets = [], 0

    def add(self, left, right, is_leaf, column, threshold, missing, values, cover, output=0, bits=None):
        """One tree, node 0 its root, as arrays with one element per node, children after their parents.

        missing: bits of the operator's attribute. values: [nodes, stride]. bits: None, or for each node that tests
        membership a row of words, [members, words] uint64, and where their nodes are: (words, is_member).
        """
        inner = ~is_leaf
        place = np.where(
            inner, self.node_count + np.cumsum(inner) - 1, ~(self.leaf_count + np.cumsum(is_leaf) - 1)).astype(np.int32)
        numbers = np.flatnonzero(inner)
        for children in (left[inner], right[inner]):
            if len(children) and not ((children > numbers) & (children < len(is_leaf))).all():
                raise ExportError("tree: a child stands before its parent, expected after it")
        words, is_member = bits if bits is not None else (np.zeros((0, 1), np.uint64), np.zeros(len(is_leaf), bool))
        is_member = is_member[inner]
        sets = np.full(len(numbers), -1, np.int32)
        sets[is_member] = self._sets + np.arange(len(words))
        self._parts.append({
            "column": column[inner].astype(np.int32),
            "comparison": np.where(is_member, MEMBER, LESS_OR_EQUAL).astype(np.uint8),
            "threshold": np.where(is_member, 0.0, threshold[inner]).astype(np.float64),
            "missing": missing[inner].astype(np.uint8),
            "true_child": place[left[inner]],
            "false_child": place[right[inner]],
            "roots": place[:1],
            "tree_output": np.array([output], np.int32),
            "leaf_values": np.asarray(values, np.float64)[is_leaf].reshape(-1, self.stride),
            "leaf_ids": np.flatnonzero(is_leaf).astype(np.int32),
            "node_cover": cover[inner].astype(np.float64),
            "leaf_cover": cover[is_leaf].astype(np.float64),
            "set": sets,
            "set_words": words,
        })  # fmt: skip
        self.node_count += int(inner.sum())
        self.leaf_count += int(is_leaf.sum())
        self._sets += len(words)

    def node(self, builder, matrix):
        """The scores [N, outputs] of the rows of a matrix."""
        joined = {name: [part[name] for part in self._parts] for name in self._parts[0]}
        words = joined.pop("set_words")
        sets = joined.pop("set")
        attributes = {name: np.concatenate(parts) for name, parts in joined.items()}
        if self.stride == 1:
            attributes["leaf_values"] = attributes["leaf_values"].ravel()
        if self._sets:
            # The words of a set end with its last member.
            lengths = [(np.arange(1, rows.shape[1] + 1) * (rows != 0)).max(axis=1) for rows in words]
            attributes["set"] = np.concatenate(sets)
            attributes["set_offsets"] = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)
            attributes["set_words"] = np.concatenate([
                rows[np.arange(rows.shape[1]) < length[:, None]] for rows, length in zip(words, lengths, strict=True)])
            attributes["set_rule"] = "non_negative"
        covers = [attributes["node_cover"], attributes["leaf_cover"]]
        if not all((cover >= 0).all() and np.isfinite(cover).all() for cover in covers):
            del attributes["node_cover"], attributes["leaf_cover"]
        if self.aggregate != "sum":
            attributes["aggregate"] = self.aggregate
        return builder.add("trees", matrix, base=self.base, **attributes)


def of_tree(tree, features=None):
    """The arrays that `Ensemble.add` takes, of a `tree_` of scikit-learn; features: the columns its own stand for."""
    is_leaf = tree.children_left == -1
    column = np.where(is_leaf, 0, tree.feature)
    flags = tree.missing_go_to_left.astype(np.uint8)
    return {
        "left": tree.children_left, "right": tree.children_right, "is_leaf": is_leaf,
        "column": column if features is None else np.asarray(features)[column], "threshold": tree.threshold,
        "missing": np.where(flags != 0, NAN_IS_MISSING | MISSING_GOES_TRUE, NAN_IS_MISSING),
        "cover": tree.weighted_n_node_samples,
    }  # fmt: skip
