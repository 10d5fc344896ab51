import MaxSettings

/// One part of a recipe and all that may stand in it.
struct RecipeSection: Sendable {
    let name: String
    let summary: String
    let settings: [Setting]
}

/// The parts of a recipe, in the order in which it is written. What is checked, the commented recipe and the
/// documentation follow from this list.
enum RecipeSections {
    static let data = RecipeSection(
        name: "data", summary: "The rows, and what their columns mean",
        settings: [
            Setting("train", .texts, nil, "tables or folders to learn from: Parquet, CSV, Arrow, NDJSON"),
            Setting("test", .texts, nil, "tables that are judged and never learned from"),
            Setting("types", .choiceByName(["text", "number", "integer", "boolean", "time"]), nil, "types of columns in text formats"),
            Setting("weight", .text, nil, "column with the weight of each row, not negative"),
            Setting("group", .text, nil, "column whose equal values belong together: the query of a ranking, the customer of many rows"),
            Setting("time", .text, nil, "column that orders rows in time"),
            Setting("ignore", .texts, nil, "columns to leave out"),
        ])

    static let target = RecipeSection(
        name: "target", summary: "What is to be predicted",
        settings: [
            Setting("column", .text, nil, "the column; none for anomaly and clustering"),
            Setting(
                "task", .choice(["auto", "binary", "multiclass", "regression", "ranking", "anomaly", "clustering"]), "auto",
                "auto: by type and values"),
            Setting("positive", .text, nil, "binary: the value that counts as positive (default: the larger)"),
        ])

    static let features = RecipeSection(
        name: "features", summary: "How columns become features",
        settings: [
            Setting("standard", .flag, true, "columns not named below get what their type and the learner ask for")
        ])

    static let learner = RecipeSection(
        name: "learner", summary: "What learns", settings: [Setting("name", .text, "gbdt", "maxai-train --learners lists them")])

    static let validation = RecipeSection(
        name: "validation", summary: "How the model is judged",
        settings: [
            Setting(
                "method", .choice(["auto", "holdout", "kfold", "stratified", "group", "time", "none"]), "auto",
                "auto: time or group where the column is given, else a hold-out, stratified for classes"),
            Setting("share", .number(0.01...0.9), 0.2, "part of the rows that is held out"),
            Setting("folds", .integer(2...50), nil, "cross-validation with so many parts instead of one hold-out"),
            Setting(
                "gap", .number(0...1e18), 0,
                "time: rows this close before the held-out part are left out, in units of the column (times: seconds)"),
            Setting(
                "refit", .choice(["auto", "yes", "no"]), "auto",
                "learn again from all rows; auto: unless early stopping needs held-out rows"),
        ])

    static let calibration = RecipeSection(
        name: "calibration", summary: "How scores become probabilities, and probabilities decisions",
        settings: [
            Setting("method", .choice(["none", "platt", "isotonic", "temperature"]), "none", "learned from held-out predictions"),
            Setting(
                "threshold", .choice(["half", "f1", "balanced_accuracy", "cost", "precision", "recall"]), "half",
                "binary: the probability from which on the label is the positive one"),
            Setting("false_positive", .number(0...1e12), 1, "cost of a false alarm"),
            Setting("false_negative", .number(0...1e12), 1, "cost of a miss"),
            Setting("at_least", .number(0...1), 0.9, "the precision or recall to be reached"),
        ])

    static let evaluation = RecipeSection(
        name: "evaluation", summary: "What the report shows beside the whole",
        settings: [
            Setting("segments", .texts, nil, "columns whose values the metrics are repeated for"),
            Setting("groups", .texts, nil, "columns whose values are compared for fairness"),
            Setting("importance_rows", .integer(0...1_000_000), 5000, "rows for permutation importance; 0: none"),
            Setting("dependence", .integer(0...50), 6, "how many of the most important columns get a curve of partial dependence"),
        ])

    static let checks = RecipeSection(
        name: "checks", summary: "Checks of the data before anything is learned",
        settings: [
            Setting("fail_on", .choice(["error", "warning", "never"]), "error", "the mildest finding that stops the training")
        ])

    static let all = [data, target, features, learner, validation, calibration, evaluation, checks]
}
