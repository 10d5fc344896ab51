import Glibc

extension Metrics {
    private static func cells(
        _ name: String, _ title: String, _ summary: String, tasks: [EvaluationTask], undefined: String = "not defined on these rows",
        _ statistic: @escaping @Sendable (ConfusionMatrix) -> Double
    ) -> Metric {
        Metric(
            name, title, summary, tasks: tasks, larger: true, kind: tasks.contains(.multiclass) ? .classes : .twoClasses, error: delta
        ) { scored, _ in ConfusionMatrix(checked: scored).measure(undefined: undefined, statistic) }
    }

    private static let both: [EvaluationTask] = [.binary, .multiclass]

    /// Metrics of chosen classes. The choice: at the threshold with two classes, else the first of the largest probabilities.
    static let confusion: [Metric] = [
        cells("accuracy", "Accuracy", "share of rows whose class is chosen; scikit-learn accuracy_score", tasks: both) { $0.accuracy },
        cells(
            "balanced_accuracy", "Balanced accuracy",
            "mean recall of the classes that occur; Brodersen et al. 2010; scikit-learn balanced_accuracy_score", tasks: both
        ) { $0.balancedAccuracy },
        cells(
            "mcc", "Matthews correlation",
            "correlation of truth and choice; 0 when either has one class only; Gorodkin 2004; scikit-learn matthews_corrcoef", tasks: both
        ) { $0.matthews },
        cells(
            "kappa", "Cohen's kappa", "(p₀ − pₑ)/(1 − pₑ); Cohen 1960; scikit-learn cohen_kappa_score", tasks: both,
            undefined: "truth and choice are of one class only"
        ) { $0.kappa },
        cells(
            "precision", "Precision", "TP/(TP + FP); scikit-learn precision_score", tasks: [.binary],
            undefined: "class 1 is never chosen"
        ) { $0.precision(1) },
        cells(
            "recall", "Recall", "TP/(TP + FN), also sensitivity, TPR; scikit-learn recall_score", tasks: [.binary],
            undefined: "no row is of class 1"
        ) { $0.recall(1) },
        cells(
            "specificity", "Specificity", "TN/(TN + FP), also TNR", tasks: [.binary], undefined: "no row is of class 0"
        ) { $0.recall(0) },
        cells(
            "f1", "F1", "2·TP/(2·TP + FP + FN); scikit-learn f1_score", tasks: [.binary],
            undefined: "class 1 neither occurs nor is chosen"
        ) { $0.fScore(1) },
        Metric(
            "f_beta", "F-beta", "(1+β²)·TP/((1+β²)·TP + β²·FN + FP); van Rijsbergen 1979; scikit-learn fbeta_score", tasks: [.binary],
            larger: true, kind: .twoClasses, error: delta,
            parameter: Metric.Parameter(name: "beta", standard: 2, range: 0.001...1000, isInteger: false)
        ) { scored, beta in
            ConfusionMatrix(checked: scored).measure(undefined: "class 1 neither occurs nor is chosen") { $0.fScore(1, beta: beta) }
        },
        cells(
            "g_mean", "G-mean", "√(recall · specificity); Kubat and Matwin 1997", tasks: [.binary], undefined: "all rows are of one class"
        ) { ($0.recall(0) * $0.recall(1)).squareRoot() },
    ]

    static let multiclass: [Metric] =
        [
            cells(
                "precision_macro", "Precision, macro",
                "mean precision of the classes that occur or are chosen, 0 where none is chosen; scikit-learn", tasks: [.multiclass]
            ) { matrix in matrix.macro(matrix.precision) },
            cells(
                "recall_macro", "Recall, macro", "mean recall of the classes that occur or are chosen; scikit-learn", tasks: [.multiclass]
            ) {
                matrix in matrix.macro(matrix.recall)
            },
            cells("f1_macro", "F1, macro", "mean F1 of the classes that occur or are chosen; scikit-learn f1_score", tasks: [.multiclass]) {
                matrix in matrix.macro { matrix.fScore($0) }
            },
            cells("f1_micro", "F1, micro", "F1 of pooled counts; equals accuracy; scikit-learn f1_score", tasks: [.multiclass]) {
                $0.accuracy
            },
            cells("f1_weighted", "F1, weighted", "mean F1 by the classes' shares; scikit-learn f1_score", tasks: [.multiclass]) { matrix in
                matrix.weighted { matrix.fScore($0) }
            },
            Metric(
                "auc_ovr_macro", "AUC, one against rest", "mean AUC of each class that occurs against the rest; scikit-learn roc_auc_score",
                tasks: [.multiclass], larger: true, kind: .classes, error: deLong
            ) { scored, _ in AreaUnderCurve.oneAgainstRest(scored, .macro) },
            Metric(
                "auc_ovr_weighted", "AUC, one against rest, weighted",
                "as auc_ovr_macro, by the classes' shares; scikit-learn roc_auc_score", tasks: [.multiclass], larger: true, kind: .classes,
                error: deLong
            ) { scored, _ in AreaUnderCurve.oneAgainstRest(scored, .weighted) },
            Metric(
                "auc_ovo", "AUC, one against one",
                "mean over pairs of classes and directions; Hand and Till 2001; scikit-learn roc_auc_score",
                tasks: [.multiclass], larger: true, kind: .classes, error: deLong
            ) { scored, _ in AreaUnderCurve.oneAgainstOne(scored) },
            Metric(
                "top_k_accuracy", "Top-k accuracy",
                "share of rows whose class is among the k most probable; equal probabilities: higher class number first; scikit-learn",
                tasks: [.multiclass], larger: true, kind: .classes, error: ofMean,
                parameter: Metric.Parameter(name: "k", standard: 2, range: 1...1e9, isInteger: true)
            ) { scored, k in
                WeightedMean.measure(
                    (0..<scored.rows).map { row in
                        let truth = Int(scored.target[row])
                        let mine = scored.probability(row, truth)
                        let ahead = (0..<scored.classCount).count {
                            scored.probability(row, $0) > mine || (scored.probability(row, $0) == mine && $0 > truth)
                        }
                        return Double(ahead) < k ? 1 : 0
                    }, scored.weights)
            },
        ]
}
