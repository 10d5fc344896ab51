import MaxFormats
import MaxIR

extension Evaluation {
    /// Reads what `json` writes; members that are not known are passed over.
    /// - Throws: `.malformed` with the member that is not as `formats/evaluation.md` says; `.unsupported` for another version.
    public init(json: [UInt8]) throws(MaxError) {
        let top = EvaluationReader(document: try JSONReader.read(json), place: "evaluation")
        guard try top.text("format").string == Self.format else { throw top.wrong("format", "'\(Self.format)'") }
        let version = try top.integer("version")
        guard version == Self.version else {
            throw MaxError(.unsupported, "evaluation: version: found \(version), expected \(Self.version): write it with this version")
        }
        guard let task = EvaluationTask(rawValue: try top.text("task").string) else { throw top.wrong("task", "a task") }
        self.task = task
        target = try top.text("target")
        sample = try top.text("sample")
        rows = try top.integer("rows")
        classLabels = try top.texts("classes")
        threshold = try top.number("threshold")
        principal = try top.text("principal").string
        metrics = try top.metrics("metrics")
        if let found = top.optional("baseline") {
            baseline = Baseline(name: try found.text("name"), metrics: try found.metrics("metrics"))
        } else {
            baseline = nil
        }
        if let found = top.optional("confusion") { confusion = try found.confusion() } else { confusion = nil }
        curves = try top.member("curves").curves()
        if let found = top.optional("calibration") { calibration = try found.calibration() } else { calibration = nil }
        thresholds = []
        for one in try top.list("thresholds") {
            let threshold = Threshold(
                value: try one.number("value"), objective: try one.number("objective"), matrix: try one.member("confusion").confusion())
            thresholds.append(NamedThreshold(name: try one.text("name").string, threshold: threshold))
        }
        segments = []
        for one in try top.list("segments") {
            var parts: [Segments.Part] = []
            for part in try one.list("parts") {
                parts.append(
                    Segments.Part(value: try part.text("value"), rows: try part.integer("rows"), metrics: try part.metrics("metrics")))
            }
            segments.append(Segments(column: try one.text("column"), parts: parts))
        }
        fairness = []
        for one in try top.list("fairness") {
            var groups: [Fairness.Group] = []
            for group in try one.list("groups") { groups.append(try group.fairnessGroup()) }
            fairness.append(Fairness(column: try one.text("column"), groups: groups))
        }
        importances = []
        for one in try top.list("importances") {
            importances.append(
                Importance(
                    column: try one.text("column"), mean: try one.number("mean"), standardError: try one.optionalNumber("standard_error")))
        }
        partialDependence = []
        for one in try top.list("partial_dependence") {
            let found = PartialDependence(
                column: try one.text("column"), values: try one.texts("values"), positions: try one.numbers("positions"),
                means: try one.numbers("means"))
            guard found.means.count == found.values.count, found.positions.isEmpty || found.positions.count == found.values.count else {
                throw one.wrong("means", "as many numbers as values")
            }
            partialDependence.append(found)
        }
    }
}

/// A part of a document that knows where it stands.
struct EvaluationReader {
    let document: Document
    let place: String

    func wrong(_ name: String, _ expected: String) -> MaxError {
        let found = document[Text(name)]?.kind ?? "nothing"
        return MaxError(.malformed, "\(place): \(name): found \(found), expected \(expected)")
    }

    func optional(_ name: String) -> EvaluationReader? {
        document[Text(name)].map { EvaluationReader(document: $0, place: "\(place).\(name)") }
    }

    func member(_ name: String) throws(MaxError) -> EvaluationReader {
        guard let found = optional(name), case .object = found.document else { throw wrong(name, "an object") }
        return found
    }

    func text(_ name: String) throws(MaxError) -> Text {
        guard let text = document[Text(name)]?.text else { throw wrong(name, "a string") }
        return text
    }

    func integer(_ name: String) throws(MaxError) -> Int {
        guard let number = document[Text(name)]?.integer, number >= 0, let integer = Int(exactly: number) else {
            throw wrong(name, "a whole number of at least 0")
        }
        return integer
    }

    /// null is NaN.
    func number(_ name: String) throws(MaxError) -> Double {
        guard let number = Self.number(document[Text(name)]) else { throw wrong(name, "a number or null") }
        return number
    }

    func optionalNumber(_ name: String) throws(MaxError) -> Double? { optional(name) == nil ? nil : try number(name) }

    private static func number(_ document: Document?) -> Double? {
        switch document {
        case .null: .nan
        case .number(let number): number.double
        default: nil
        }
    }

    static func numbers(_ document: Document?) throws(MaxError) -> [Double]? {
        switch document {
        case .numbers(let numbers): return try numbers.doubles()
        case .array(let elements):
            let numbers = elements.compactMap { Self.number($0) }
            return numbers.count == elements.count ? numbers : nil
        default: return nil
        }
    }

    func numbers(_ name: String) throws(MaxError) -> [Double] {
        guard let numbers = try Self.numbers(document[Text(name)]) else { throw wrong(name, "an array of numbers and nulls") }
        return numbers
    }

    func texts(_ name: String) throws(MaxError) -> [Text] {
        guard case .array(let elements) = document[Text(name)] else { throw wrong(name, "an array of strings") }
        let texts = elements.compactMap(\.text)
        guard texts.count == elements.count else { throw wrong(name, "an array of strings") }
        return texts
    }

    func list(_ name: String) throws(MaxError) -> [EvaluationReader] {
        guard case .array(let elements) = document[Text(name)] else { throw wrong(name, "an array of objects") }
        return elements.enumerated().map { EvaluationReader(document: $1, place: "\(place).\(name)[\($0)]") }
    }

    func measured() throws(MaxError) -> Measured {
        Measured(
            try number("value"), try optionalNumber("standard_error"),
            reason: optional("reason") == nil ? nil : try text("reason").string)
    }

    func metrics(_ name: String) throws(MaxError) -> [MetricValue] {
        var out: [MetricValue] = []
        for one in try list(name) { out.append(MetricValue(name: try one.text("name").string, measured: try one.measured())) }
        return out
    }

    func confusion() throws(MaxError) -> ConfusionMatrix {
        let classes = try integer("classes")
        let counts = try numbers("counts")
        let (cells, overflows) = classes.multipliedReportingOverflow(by: classes)
        guard classes >= 2, !overflows, counts.count == cells else { throw wrong("counts", "classes × classes numbers") }
        return ConfusionMatrix(classes: classes, counts: counts)
    }

    func curve(_ name: String) throws(MaxError) -> Curve? {
        guard let found = optional(name) else { return nil }
        let curve = Curve(x: try found.numbers("x"), y: try found.numbers("y"), thresholds: try found.numbers("thresholds"))
        guard curve.x.count == curve.y.count, curve.x.count == curve.thresholds.count else { throw found.wrong("y", "as many as x") }
        return curve
    }

    func histogram(_ name: String) throws(MaxError) -> Histogram? {
        guard let found = optional(name) else { return nil }
        var series: [[Double]] = []
        guard case .array(let elements) = found.document["series"] else { throw found.wrong("series", "arrays of numbers") }
        for element in elements {
            guard let numbers = try Self.numbers(element), numbers.count == Histogram.bins else {
                throw found.wrong("series", "arrays of \(Histogram.bins) numbers")
            }
            series.append(numbers)
        }
        return Histogram(low: try found.number("low"), high: try found.number("high"), series: series)
    }

    func curves() throws(MaxError) -> Evaluation.Curves {
        var out = Evaluation.Curves()
        out.roc = try curve("roc")
        out.precisionRecall = try curve("precision_recall")
        out.gain = try curve("gain")
        if optional("lift") != nil { out.liftByTenth = try numbers("lift") }
        if let found = optional("reliability") {
            guard let binning = Reliability.Binning(rawValue: try found.text("binning").string) else {
                throw found.wrong("binning", "equal_width or equal_count")
            }
            var bins: [Reliability.Bin] = []
            for bin in try found.list("bins") {
                bins.append(
                    Reliability.Bin(
                        weight: try bin.number("weight"), meanPrediction: try bin.number("prediction"),
                        shareOfOnes: try bin.number("share"), standardError: try bin.optionalNumber("standard_error")))
            }
            out.reliability = Reliability(binning: binning, bins: bins)
        }
        out.scores = try histogram("scores")
        if let found = optional("residuals") {
            let (predictions, residuals) = (try found.numbers("predictions"), try found.numbers("residuals"))
            guard predictions.count == residuals.count, let histogram = try found.histogram("histogram") else {
                throw found.wrong("residuals", "as many as predictions, and a histogram")
            }
            out.residuals = Residuals(predictions: predictions, residuals: residuals, histogram: histogram)
        }
        return out
    }

    func calibration() throws(MaxError) -> Calibration {
        switch try text("method").string {
        case "platt": return .platt(slope: try number("slope"), intercept: try number("intercept"))
        case "temperature": return .temperature(try number("temperature"))
        case "isotonic":
            let (x, y) = (try numbers("x"), try numbers("y"))
            guard x.count == y.count else { throw wrong("y", "as many as x") }
            return .isotonic(x: x, y: y)
        default: throw wrong("method", "platt, isotonic or temperature")
        }
    }

    func fairnessGroup() throws(MaxError) -> Fairness.Group {
        let none = Measured(undefined: "")
        var group = Fairness.Group(
            value: try text("value"), rows: try integer("rows"), baseRate: none, selectionRate: none, truePositiveRate: none,
            falsePositiveRate: none, falseNegativeRate: none, precision: none, auc: none, calibrationGap: none, calibrationError: none)
        for (name, rate) in Fairness.Group.rates { group[keyPath: rate] = try member(name).measured() }
        return group
    }
}
