"""One small ONNX model per ai.onnx.ml operator and version, made by hand: the attributes' corners, not the usual."""

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

from adversarial import SPECIALS, STRINGS, float_rows, onnx_thresholds
from cases import EXACT, close
from zoo_onnx import write_case

NP = {T.FLOAT: np.float32, T.DOUBLE: np.float64, T.INT64: np.int64, T.INT32: np.int32, T.STRING: object}
SUM = close(1e-5, 1e-5)


def model_of(nodes, inputs, outputs, ml=3, opset=17, initializers=(), ir=8):
    """inputs: name -> (element type, shape) or a ready type proto; outputs: name -> (element type, shape)."""

    def info(name, kind):
        if isinstance(kind, onnx.TypeProto):
            return helper.make_value_info(name, kind)
        return helper.make_tensor_value_info(name, *kind)

    graph = helper.make_graph(
        nodes,
        "zoo",
        [info(n, k) for n, k in inputs.items()],
        [info(n, k) for n, k in outputs.items()],
        list(initializers),
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ml)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir)


def ml_node(operator, inputs=("X",), outputs=("Y",), **attributes):
    return helper.make_node(operator, list(inputs), list(outputs), domain="ai.onnx.ml", **attributes)


class Writer:
    def __init__(self, root):
        self.root, self.written = root, []
        self.rng = np.random.default_rng(3)

    def add(self, name, model, feed, tolerance=EXACT, groups=None, **more):
        self.written.append(write_case(self.root, f"onnx-{name}", model, feed, tolerance, groups, **more))

    def floats(self, features=3, n=200, dtype=np.float32, thresholds=None):
        ordinary = self.rng.normal(size=(n, features)).astype(dtype)
        ordinary[:, 0] = np.round(ordinary[:, 0] * 2)
        return float_rows(self.rng, ordinary, thresholds)

    def integers(self, features=3, n=300):
        values = self.rng.integers(-3, 6, size=(n, features))
        values[-8:, 0] = [2**24 + 1, 2**53 + 1, 2**63 - 1, -(2**63), 2**31, -(2**31) - 1, 0, -1]
        return values

    def strings(self, known, features=1, n=300):
        pool = np.array([*known, *known, *STRINGS], dtype=object)
        return pool[self.rng.integers(len(pool), size=(n, features))]


def scaling(w):
    for kind, tag in ((T.FLOAT, "float"), (T.DOUBLE, "double"), (T.INT64, "int64")):
        values, groups = w.floats(dtype=NP[kind]) if kind != T.INT64 else (w.integers(), None)
        io = {"X": (kind, ["N", 3])}, {"Y": (T.FLOAT, ["N", 3])}
        node = ml_node("Scaler", offset=[0.5, -1.25, 1e-3], scale=[2.0, 0.1, 1e3])
        w.add(f"scaler-{tag}", model_of([node], *io), {"X": values}, SUM, groups)
    values, groups = w.floats()
    io = {"X": (T.FLOAT, ["N", 3])}, {"Y": (T.FLOAT, ["N", 3])}
    w.add("scaler-broadcast", model_of([ml_node("Scaler", offset=[0.5], scale=[3.0])], *io), {"X": values}, SUM, groups)
    for norm in ("MAX", "L1", "L2"):
        w.add(
            f"normalizer-{norm.lower()}", model_of([ml_node("Normalizer", norm=norm)], *io), {"X": values}, SUM, groups
        )
    # ONNX Runtime refuses NaN in a Binarizer.
    near, groups = w.floats(thresholds={0: [0.0], 1: [0.25], 2: [0.25]})
    near = np.where(np.isnan(near), np.float32(-3.4028235e38), near)
    for threshold in (0.25, -0.0):
        node = ml_node("Binarizer", threshold=threshold)
        w.add(f"binarizer-{'zero' if threshold == 0 else 'quarter'}", model_of([node], *io), {"X": near}, EXACT, groups)


def imputing(w):
    values, groups = w.floats()
    io = {"X": (T.FLOAT, ["N", 3])}, {"Y": (T.FLOAT, ["N", 3])}
    for name, replaced in (("nan", float("nan")), ("zero", 0.0), ("value", 1.0)):
        node = ml_node("Imputer", imputed_value_floats=[-1.5, 2.5, 1e-40], replaced_value_float=replaced)
        w.add(f"imputer-{name}", model_of([node], *io), {"X": values}, EXACT, groups)
    node = ml_node("Imputer", imputed_value_floats=[7.0], replaced_value_float=float("nan"))
    w.add("imputer-one-value", model_of([node], *io), {"X": values}, EXACT, groups)
    io = {"X": (T.INT64, ["N", 3])}, {"Y": (T.INT64, ["N", 3])}
    node = ml_node("Imputer", imputed_value_int64s=[10, 2**60, -1], replaced_value_int64=-1)
    w.add("imputer-int64", model_of([node], *io), {"X": w.integers()})


def encoding(w):
    known = ["a", "b", "", "Ünïcödé", "日本語"]
    text, numbers = w.strings(known), w.integers(1)
    values, groups = w.floats(1)
    one = lambda kind: {"X": (kind, ["N", 1])}  # noqa: E731
    out = lambda kind, last=1: {"Y": (kind, ["N", last])}  # noqa: E731
    node = ml_node("LabelEncoder", classes_strings=known, default_int64=-7, default_string="?")
    w.add("label-encoder-v1-to-int", model_of([node], one(T.STRING), out(T.INT64), ml=1), {"X": text})
    w.add("label-encoder-v1-to-string", model_of([node], one(T.INT64), out(T.STRING), ml=1), {"X": numbers})
    pairs = {
        "strings-int64s": (
            {"keys_strings": known, "values_int64s": [5, 4, 3, 2, 1], "default_int64": 99},
            text,
            T.INT64,
        ),
        "strings-strings": (
            {"keys_strings": known, "values_strings": list("vwxyz"), "default_string": "ø"},
            text,
            T.STRING,
        ),
        "strings-floats": (
            {"keys_strings": known, "values_floats": [0.5, -0.0, float("nan"), 1e30, 1.0], "default_float": -9.5},
            text,
            T.FLOAT,
        ),
        "int64s-strings": (
            {"keys_int64s": [0, -1, 2**53 + 1], "values_strings": ["z", "", "é"], "default_string": "_"},
            numbers,
            T.STRING,
        ),
        "int64s-floats": (
            {"keys_int64s": [0, 1, -3], "values_floats": [0.1, 0.2, 0.3], "default_float": -1.0},
            numbers,
            T.FLOAT,
        ),
        "int64s-int64s": (
            {"keys_int64s": [0, 1, -3], "values_int64s": [7, 2**62, -5], "default_int64": -1},
            numbers,
            T.INT64,
        ),
        "floats-strings": (
            {"keys_floats": [0.0, 1.0, float("nan")], "values_strings": ["0", "1", "nan"], "default_string": "_"},
            values,
            T.STRING,
        ),
        "floats-int64s": (
            {"keys_floats": [-0.0, 1.0, float("inf")], "values_int64s": [1, 2, 3], "default_int64": 0},
            values,
            T.INT64,
        ),
        "floats-floats": (
            {"keys_floats": [0.5, float("nan"), -1.0], "values_floats": [1.0, 2.0, 3.0], "default_float": 0.25},
            values,
            T.FLOAT,
        ),
    }
    kinds = {"strings": T.STRING, "int64s": T.INT64, "floats": T.FLOAT}
    for name, (attributes, data, result) in pairs.items():
        node, source = ml_node("LabelEncoder", **attributes), kinds[name.split("-")[0]]
        more = groups if source == T.FLOAT else None
        w.add(f"label-encoder-v2-{name}", model_of([node], one(source), out(result), ml=2), {"X": data}, EXACT, more)
    tensors = {
        "keys_tensor": helper.make_tensor("k", T.DOUBLE, [3], [0.5, float("nan"), 1.0]),
        "values_tensor": helper.make_tensor("v", T.DOUBLE, [3], [0.1, 0.2, 0.3]),
        "default_tensor": helper.make_tensor("d", T.DOUBLE, [1], [-0.7]),
    }
    double, double_groups = w.floats(1, dtype=np.float64)
    node = ml_node("LabelEncoder", **tensors)
    w.add(
        "label-encoder-v4-doubles",
        model_of([node], one(T.DOUBLE), out(T.DOUBLE), ml=4),
        {"X": double},
        EXACT,
        double_groups,
    )
    tensors = {
        "keys_tensor": helper.make_tensor("k", T.STRING, [3], [b"a", b"", "é".encode()]),
        "values_tensor": helper.make_tensor("v", T.INT64, [3], [3, 2, 1]),
        "default_tensor": helper.make_tensor("d", T.INT64, [1], [-1]),
    }
    node = ml_node("LabelEncoder", **tensors)
    w.add("label-encoder-v4-strings", model_of([node], one(T.STRING), out(T.INT64), ml=4), {"X": text})
    node = ml_node(
        "CategoryMapper", cats_strings=known, cats_int64s=[4, 3, 2, 1, 0], default_int64=-1, default_string="?"
    )
    w.add("category-mapper-to-int", model_of([node], one(T.STRING), out(T.INT64)), {"X": text})
    w.add("category-mapper-to-string", model_of([node], one(T.INT64), out(T.STRING)), {"X": numbers})
    for kind, data, more in ((T.INT64, numbers, None), (T.FLOAT, np.clip(np.nan_to_num(values), -9, 9), groups)):
        node = ml_node("OneHotEncoder", cats_int64s=[3, 0, 1, -2], zeros=1)
        io = one(kind), {"Y": (T.FLOAT, ["N", 1, 4])}
        w.add(f"one-hot-{'int64' if kind == T.INT64 else 'float'}", model_of([node], *io), {"X": data}, EXACT, more)
    node = ml_node("OneHotEncoder", cats_strings=known, zeros=1)
    wide = w.strings(known, features=2)
    w.add("one-hot-strings", model_of([node], {"X": (T.STRING, ["N", 2])}, {"Y": (T.FLOAT, ["N", 2, 5])}), {"X": wide})
    node = ml_node("OneHotEncoder", cats_int64s=[0, 1, 2], zeros=0)
    strict = w.rng.integers(0, 3, size=(40, 1))
    w.add("one-hot-strict", model_of([node], one(T.INT64), {"Y": (T.FLOAT, ["N", 1, 3])}), {"X": strict})


def shaping(w):
    values, groups = w.floats(5)
    index = numpy_helper.from_array(np.array([4, 0, 0, 2], np.int64), "I")
    node = ml_node("ArrayFeatureExtractor", ["X", "I"])
    io = {"X": (T.FLOAT, ["N", 5])}, {"Y": (T.FLOAT, ["N", 4])}
    w.add("array-feature-extractor", model_of([node], *io, initializers=[index]), {"X": values}, EXACT, groups)
    io = {"X": (T.STRING, ["N", 5])}, {"Y": (T.STRING, ["N", 4])}
    text = w.strings(["a", "é"], 5)
    w.add("array-feature-extractor-strings", model_of([node], *io, initializers=[index]), {"X": text})
    node = ml_node("FeatureVectorizer", ["A", "B"], inputdimensions=[2, 3])
    io = {"A": (T.FLOAT, ["N", 2]), "B": (T.FLOAT, ["N", 3])}, {"Y": (T.FLOAT, ["N", 5])}
    feed = {"A": np.ascontiguousarray(values[:, :2]), "B": np.ascontiguousarray(values[:, 2:])}
    # Zero rows end the whole process in ONNX Runtime 1.32 ("terminate called").
    w.add("feature-vectorizer", model_of([node], *io), feed, EXACT, groups, zero_rows=False)
    text_map = helper.make_map_type_proto(T.STRING, helper.make_tensor_type_proto(T.FLOAT, []))
    node = ml_node("DictVectorizer", string_vocabulary=["a", "", "é", "z"])
    feed = {"X": {"z": 1.5, "é": -0.0, "unknown": 3.0, "": 2.0}}
    w.add("dict-vectorizer-strings", model_of([node], {"X": text_map}, {"Y": (T.FLOAT, [1, 4])}), feed)
    number_map = helper.make_map_type_proto(T.INT64, helper.make_tensor_type_proto(T.FLOAT, []))
    node = ml_node("DictVectorizer", int64_vocabulary=[5, -1, 2**40])
    feed = {"X": {2**40: 1.5, 5: 2.0, 6: 9.0}}
    w.add("dict-vectorizer-int64s", model_of([node], {"X": number_map}, {"Y": (T.FLOAT, [1, 3])}), feed)
    feed = {"X": {3: 1.25, 0: -0.5, 7: 2.75}}
    for form, result, last in (
        ("DENSE", "TO_FLOAT", 3),
        ("SPARSE", "TO_FLOAT", 9),
        ("DENSE", "TO_INT64", 3),
        ("DENSE", "TO_STRING", 3),
    ):
        kind = {"TO_FLOAT": T.FLOAT, "TO_INT64": T.INT64, "TO_STRING": T.STRING}[result]
        node = ml_node("CastMap", cast_to=result, map_form=form, max_map=9)
        name = f"cast-map-{form.lower()}-{result[3:].lower()}"
        w.add(name, model_of([node], {"X": number_map}, {"Y": (kind, [1, last])}), feed)
    for name, keys, key in (
        ("strings", {"classlabels_strings": ["a", "", "é"]}, T.STRING),
        ("int64s", {"classlabels_int64s": [4, -1, 0]}, T.INT64),
    ):
        kind = helper.make_sequence_type_proto(
            helper.make_map_type_proto(key, helper.make_tensor_type_proto(T.FLOAT, []))
        )
        scores = np.concatenate([w.floats(3)[0][:12], np.resize(SPECIALS, (9, 3))]).astype(np.float32)
        model = model_of([ml_node("ZipMap", **keys)], {"X": (T.FLOAT, ["N", 3])}, {"Y": kind})
        w.add(f"zip-map-{name}", model, {"X": scores}, zero_rows=False)


def linear(w):
    values, groups = w.floats(4)
    weights = w.rng.normal(size=12).round(3).tolist()
    x = {"X": (T.FLOAT, ["N", 4])}
    for post in ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"):
        node = ml_node(
            "LinearRegressor", coefficients=weights, intercepts=[0.1, -0.2, 0.0], targets=3, post_transform=post
        )
        out = {"Y": (T.FLOAT, ["N", 3])}
        w.add(
            f"linear-regressor-{post.lower().replace('_', '-')}",
            model_of([node], x, out, ml=1),
            {"X": values},
            SUM,
            groups,
        )
        node = ml_node(
            "LinearClassifier",
            outputs=["L", "S"],
            coefficients=weights,
            intercepts=[0.1, -0.2, 0.0],
            classlabels_strings=["a", "b", "é"],
            post_transform=post,
            multi_class=1,
        )
        out = {"L": (T.STRING, ["N"]), "S": (T.FLOAT, ["N", 3])}
        w.add(
            f"linear-classifier-{post.lower().replace('_', '-')}",
            model_of([node], x, out, ml=1),
            {"X": values},
            SUM,
            groups,
        )
    for labels in ([0, 1], [7, -3]):
        node = ml_node(
            "LinearClassifier",
            outputs=["L", "S"],
            coefficients=weights[:4],
            intercepts=[0.25],
            classlabels_ints=labels,
            post_transform="LOGISTIC",
        )
        out = {"L": (T.INT64, ["N"]), "S": (T.FLOAT, ["N", "C"])}
        w.add(f"linear-classifier-binary-{labels[0]}", model_of([node], x, out, ml=1), {"X": values}, SUM, groups)


def vectors(w):
    values, groups = w.floats(3)
    support = w.rng.normal(size=(5, 3)).round(3).ravel().tolist()
    x = {"X": (T.FLOAT, ["N", 3])}
    kernels = {"LINEAR": [0.0, 0.0, 0.0], "POLY": [0.5, 1.0, 3.0], "RBF": [0.4, 0.0, 0.0], "SIGMOID": [0.3, -0.1, 0.0]}
    for kernel, parameters in kernels.items():
        node = ml_node(
            "SVMRegressor",
            kernel_type=kernel,
            kernel_params=parameters,
            n_supports=5,
            support_vectors=support,
            coefficients=[0.5, -1.0, 0.25, 1.0, -0.75],
            rho=[0.3],
            one_class=int(kernel == "SIGMOID"),
        )
        out = {"Y": (T.FLOAT, ["N", 1])}
        w.add(f"svm-regressor-{kernel.lower()}", model_of([node], x, out), {"X": values}, close(1e-4, 1e-4), groups)
    node = ml_node(
        "SVMClassifier",
        outputs=["L", "S"],
        kernel_type="RBF",
        kernel_params=[0.4, 0.0, 0.0],
        support_vectors=support,
        vectors_per_class=[3, 2],
        coefficients=[0.5, 1.0, 0.25, -1.0, -0.75],
        rho=[0.1],
        classlabels_ints=[4, -2],
    )
    out = {"L": (T.INT64, ["N"]), "S": (T.FLOAT, ["N", "C"])}
    w.add("svm-classifier-binary", model_of([node], x, out), {"X": values}, close(1e-4, 1e-4), groups)
    node = ml_node(
        "SVMClassifier",
        outputs=["L", "S"],
        kernel_type="LINEAR",
        kernel_params=[0.0, 0.0, 0.0],
        coefficients=w.rng.normal(size=9).round(3).tolist(),
        rho=[0.1, -0.2, 0.3],
        classlabels_strings=["a", "b", "é"],
        post_transform="SOFTMAX",
    )
    out = {"L": (T.STRING, ["N"]), "S": (T.FLOAT, ["N", 3])}
    w.add("svm-classifier-linear-modes", model_of([node], x, out), {"X": values}, close(1e-4, 1e-4), groups)


def tree_attributes(rng, trees, depth, features, modes, missing):
    """Perfect trees in the columns of versions 1 to 3."""
    a = {
        k: []
        for k in (
            "treeids",
            "nodeids",
            "featureids",
            "modes",
            "values",
            "truenodeids",
            "falsenodeids",
            "missing_value_tracks_true",
        )
    }
    leaves = []
    for tree in range(trees):
        for node in range(2 ** (depth + 1) - 1):
            leaf = node >= 2**depth - 1
            row = (
                tree,
                node,
                0 if leaf else int(rng.integers(features)),
                "LEAF" if leaf else modes[int(rng.integers(len(modes)))],
                0.0 if leaf else float(np.float32(round(rng.normal(), 1))),
                0 if leaf else 2 * node + 1,
                0 if leaf else 2 * node + 2,
                int(missing and not leaf and rng.random() < 0.5),
            )
            for column, value in zip(a.values(), row):
                column.append(value)
            if leaf:
                leaves.append((tree, node))
    return {f"nodes_{k}": v for k, v in a.items()}, leaves


def trees(w):
    x = {"X": (T.FLOAT, ["N", 4])}
    modes = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
    regressors = [(f"regressor-{m[7:].lower()}", [m], "SUM", "NONE", 2, True) for m in modes]
    regressors += [(f"regressor-{a.lower()}", modes[:1], a, "NONE", 2, False) for a in ("AVERAGE", "MIN", "MAX")]
    # Leaves that name one target only: ONNX Runtime gives 0, without base value, to a target that no tree names.
    regressors += [("regressor-sparse-targets", modes[:1], "SUM", "NONE", 2, True)]
    regressors += [
        ("regressor-logistic", modes[:1], "SUM", "LOGISTIC", 1, True),
        ("regressor-mixed-modes", modes, "SUM", "NONE", 1, True),
    ]
    for name, used, aggregate, post, targets, missing in regressors:
        nodes, leaves = tree_attributes(w.rng, 6, 3, 4, used, missing)
        if "sparse" not in name:
            leaves = [leaf for leaf in leaves for _ in range(targets)]
        node = ml_node(
            "TreeEnsembleRegressor",
            **nodes,
            n_targets=targets,
            aggregate_function=aggregate,
            post_transform=post,
            base_values=[0.5, -0.25][:targets],
            target_treeids=[t for t, _ in leaves],
            target_nodeids=[n for _, n in leaves],
            target_ids=[i % targets for i in range(len(leaves))],
            target_weights=w.rng.normal(size=len(leaves)).round(3).tolist(),
        )
        model = model_of([node], x, {"Y": (T.FLOAT, ["N", targets])})
        values, groups = w.floats(4, thresholds=onnx_thresholds(model))
        w.add(f"tree-{name}", model, {"X": values}, close(1e-6, 1e-6), groups)
    classifiers = [
        (f"classifier-multi-{p.lower().replace('_', '-')}", 3, p, None)
        for p in ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO")
    ]
    classifiers += [("classifier-multi-sparse-classes", 3, "NONE", None)]
    for sign in ("positive", "mixed"):
        classifiers += [(f"classifier-binary-{sign}-{p.lower()}", 1, p, sign) for p in ("NONE", "LOGISTIC", "SOFTMAX")]
    for name, classes, post, sign in classifiers:
        nodes, leaves = tree_attributes(w.rng, 5, 3, 4, modes[:1], True)
        if "sparse" not in name:
            leaves = [leaf for leaf in leaves for _ in range(classes)]
        weights = w.rng.normal(size=len(leaves)).round(3) * 0.4
        node = ml_node(
            "TreeEnsembleClassifier",
            outputs=["L", "S"],
            **nodes,
            post_transform=post,
            class_treeids=[t for t, _ in leaves],
            class_nodeids=[n for _, n in leaves],
            class_ids=[i % classes if classes > 1 else 0 for i in range(len(leaves))],
            class_weights=(np.abs(weights) if sign == "positive" else weights).tolist(),
            **({"classlabels_strings": ["a", "b", "é"]} if classes > 1 else {"classlabels_int64s": [0, 1]}),
        )
        label = T.STRING if classes > 1 else T.INT64
        model = model_of([node], x, {"L": (label, ["N"]), "S": (T.FLOAT, ["N", max(classes, 2)])})
        values, groups = w.floats(4, thresholds=onnx_thresholds(model))
        w.add(f"tree-{name}", model, {"X": values}, close(1e-6, 1e-6), groups)
    nodes, leaves = tree_attributes(w.rng, 4, 3, 4, modes[:1], True)
    splits = nodes.pop("nodes_values")
    node = ml_node(
        "TreeEnsembleRegressor",
        **nodes,
        n_targets=1,
        target_treeids=[t for t, _ in leaves],
        target_nodeids=[n for _, n in leaves],
        target_ids=[0] * len(leaves),
        nodes_values_as_tensor=helper.make_tensor("s", T.DOUBLE, [len(splits)], splits),
        target_weights_as_tensor=helper.make_tensor("t", T.DOUBLE, [len(leaves)], w.rng.normal(size=len(leaves))),
    )
    model = model_of([node], {"X": (T.DOUBLE, ["N", 4])}, {"Y": (T.FLOAT, ["N", 1])})
    values, groups = w.floats(4, dtype=np.float64, thresholds=onnx_thresholds(model))
    w.add("tree-regressor-v3-double", model, {"X": values}, close(1e-6, 1e-6), groups)


def tree_ensemble(w):
    """Version 5: every mode, a set membership, and a tree that is one leaf."""
    for kind, tag in ((T.FLOAT, "float"), (T.DOUBLE, "double")):
        for mode in range(7):
            member = mode == 6
            sets = [1.0, 3.0, float("nan"), 0.0, -1.0, float("nan")] if member else None
            splits = [0.0, 0.0] if member else [0.5, -0.5]
            tensors = {
                "nodes_splits": helper.make_tensor("s", kind, [2], splits),
                "nodes_modes": helper.make_tensor("m", T.UINT8, [2], [mode, mode]),
                "leaf_weights": helper.make_tensor("w", kind, [4], [5.23, 12.12, -12.23, 7.21]),
            }
            if member:
                tensors["membership_values"] = helper.make_tensor("v", kind, [6], sets)
            node = ml_node(
                "TreeEnsemble",
                n_targets=2,
                aggregate_function=1,
                post_transform=0,
                tree_roots=[0, 1],
                nodes_featureids=[0, 1],
                nodes_truenodeids=[0, 2],
                nodes_trueleafs=[1, 1],
                nodes_falsenodeids=[1, 3],
                nodes_falseleafs=[1, 1],
                nodes_missing_value_tracks_true=[1, 0],
                leaf_targetids=[0, 1, 0, 1],
                **tensors,
            )
            io = {"X": (kind, ["N", 2])}, {"Y": (kind, ["N", 2])}
            model = model_of([node], *io, ml=5, opset=21, ir=10)
            values, groups = w.floats(2, dtype=NP[kind], thresholds={0: splits + [1, 3], 1: splits + [1, 3]})
            values[: len(values) // 4] = np.round(values[: len(values) // 4])
            name = ["leq", "lt", "gte", "gt", "eq", "neq", "member"][mode]
            w.add(f"tree-ensemble-{name}-{tag}", model, {"X": values}, close(1e-6, 1e-6), groups)


def generate(root):
    w = Writer(root)
    for part in (scaling, imputing, encoding, shaping, linear, vectors, trees, tree_ensemble):
        part(w)
    return w.written
