import MaxFeatures
import MaxFormats
import MaxIR
import MaxLearning
import MaxSettings

/// What a graph carries of its training: data, features, learner, seed; no paths, no times, nothing that differs between
/// equal runs. `maxai-inspect --lineage` shows it.
public struct TrainingRecord {
    public let learner: String
    public let json: [UInt8]
    /// `DataDigest` of the table.
    public let dataDigest: String

    init(_ recipe: Recipe, _ data: TrainingData, _ fit: Fit, _ decision: Decision, _ validation: String) {
        learner = recipe.learner.name
        let digest = DataDigest.of(data.table)
        dataDigest = digest
        var out = JSONWriter()
        out.object { out in
            out.member("kind", "training")
            out.member("seed", recipe.seed)
            out.member(
                "data",
                object: { out in
                    out.member("sha256", digest)
                    out.member("rows", data.rows)
                    out.member("learnedFrom", data.usableCount)
                    out.member(
                        "columns",
                        array: { out in
                            for column in data.table.columns {
                                out.object {
                                    $0.member("name", column.name.string)
                                    $0.member("type", column.element?.rawValue ?? column.sourceType)
                                }
                            }
                        })
                })
            if let target = data.target {
                out.member(
                    "target",
                    object: {
                        $0.member("column", target.name.string)
                        $0.member("task", target.task.rawValue)
                        $0.member("classes", array: { for label in target.labels { $0.value(label) } })
                    })
            }
            out.member(
                "learner",
                object: { out in
                    out.member("name", recipe.learner.name)
                    out.member("settings", object: { out in recipe.learnerSettings.write(to: &out) })
                    out.member("facts", object: { out in for fact in fit.model.facts { out.member(fact.name, fact.value) } })
                })
            out.member("validation", validation)
            if let calibration = decision.calibration { out.member("calibration", calibration.name) }
            if let threshold = decision.threshold { out.member("threshold", threshold) }
            out.member(
                "features",
                array: { out in
                    for (column, sources) in zip(fit.features.columns, fit.features.sources) {
                        out.object {
                            $0.member("name", column.name.string)
                            $0.member("from", array: { for source in sources { $0.value(source) } })
                        }
                    }
                })
        }
        json = out.bytes
    }
}

extension Settings {
    /// Every setting with its value, in the order of the declaration.
    func write(to out: inout JSONWriter) {
        for setting in declared {
            guard let value = self[setting.name] else { continue }
            out.key(setting.name)
            value.write(to: &out)
        }
    }
}

extension SettingValue {
    func write(to out: inout JSONWriter) {
        switch self {
        case .flag(let value): out.value(value)
        case .integer(let value): out.value(value)
        case .number(let value): out.value(value)
        case .text(let value): out.value(value)
        case .list(let values): out.array { out in for value in values { value.write(to: &out) } }
        case .table(let values):
            out.object { out in
                for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                    out.key(name)
                    value.write(to: &out)
                }
            }
        case .null: out.null()
        }
    }
}
