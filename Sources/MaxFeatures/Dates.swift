import MaxIR
import MaxLearning
import MaxSettings

extension Featurizers {
    static let dates: [Featurizer] = [dateParts, cyclic, timeSince]

    private static let parts = ["year", "month", "day", "weekday", "hour", "minute", "second", "day_of_year", "week", "is_weekend"]
    private static let offset = Setting("offset_minutes", .integer(-1440...1440), 0, "a fixed distance to UTC, in minutes; no summer time")

    static let dateParts = Featurizer(
        "date_parts",
        "Parts of a time, as numbers: proleptic Gregorian calendar, weekday from Monday = 0, ISO 8601 week 1 to 53, is_weekend on Saturday and "
            + "Sunday. A missing time gives NaN. Source: ISO 8601; pandas `Series.dt`.",
        takes: [.times], learns: false,
        settings: [
            Setting(
                "parts", .texts, .list(["year", "month", "day", "weekday", "hour", "day_of_year", "is_weekend"]),
                "some of \(parts.joined(separator: ", "))"),
            offset,
        ]
    ) { fit, flow, settings throws(MaxError) in
        let names = settings.texts("parts")
        guard !names.isEmpty else {
            throw MaxError(.usage, "date_parts: parts: found none, expected some of \(parts.joined(separator: ", "))")
        }
        var values: [ValueID] = []
        for name in names { values.append(try part(name, fit, flow, settings.integer("offset_minutes"))) }
        return FeatureFlow(
            value: try fit.concat(values), kind: .numbers, columns: names.map { .init(Text("\($0) of \(flow.columns[0].name)")) },
            sources: Array(repeating: flow.sources[0], count: names.count))
    }

    static let cyclic = Featurizer(
        "cyclic",
        "Sine and cosine of 2 pi part / period, so that the end of a period is close to its beginning. Periods: month 12, day 31, weekday 7, "
            + "hour 24, minute 60, second 60, day_of_year 365.25, week 52.1775; month, day, day_of_year and week count from 0 here.",
        takes: [.times], learns: false,
        settings: [
            Setting("parts", .texts, .list(["month", "weekday", "hour"]), "some of \(periods.map(\.name).joined(separator: ", "))"), offset,
        ]
    ) { fit, flow, settings throws(MaxError) in
        var values: [ValueID] = []
        var columns: [FeatureMatrix.Column] = []
        for name in settings.texts("parts") {
            guard let period = periods.first(where: { $0.name == name }) else {
                throw MaxError(
                    .usage, "cyclic: parts: found \(Text(name).quoted), expected some of \(periods.map(\.name).joined(separator: ", "))")
            }
            var value = try part(name, fit, flow, settings.integer("offset_minutes"))
            if period.first != 0 { value = try fit.add(Ops.sub, [value, try fit.constant([period.first])]) }
            let angle = try fit.add(Ops.mul, [value, try fit.constant([2 * Double.pi / period.length])])
            values += [try fit.add("sin", [angle]), try fit.add("cos", [angle])]
            columns += [.init(Text("sin \(name) of \(flow.columns[0].name)")), .init(Text("cos \(name) of \(flow.columns[0].name)"))]
        }
        guard !values.isEmpty else { throw MaxError(.usage, "cyclic: parts: found none, expected at least one") }
        return FeatureFlow(
            value: try fit.concat(values), kind: .numbers, columns: columns,
            sources: Array(repeating: flow.sources[0], count: columns.count))
    }

    private static let periods: [(name: String, first: Double, length: Double)] = [
        ("month", 1, 12), ("day", 1, 31), ("weekday", 0, 7), ("hour", 0, 24), ("minute", 0, 60), ("second", 0, 60),
        ("day_of_year", 1, 365.25), ("week", 1, 52.1775),
    ]

    static let timeSince = Featurizer(
        "time_since",
        "The time since `origin`, in `unit`: (seconds since 1970 - origin) / length of the unit, in f64 or f32. A missing time gives NaN.",
        takes: [.times], learns: false,
        settings: [
            Setting("origin", .number(-1e15...1e15), 0.0, "seconds since 1970-01-01T00:00:00Z"),
            Setting("unit", .choice(["seconds", "minutes", "hours", "days"]), "days", "what the time is counted in"),
        ]
    ) { fit, flow, settings throws(MaxError) in
        let lengths: [String: Double] = ["seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400]
        let length = lengths[settings.text("unit")] ?? 1
        // In f64, since f32 has not enough digits for a difference of seconds.
        let seconds = try fit.add(
            Ops.timePart, [flow.value], ["part": .string("seconds"), "missing": .int(.min), "to": .type(.f64)], label: flow.columns[0].name)
        let since = try fit.add(Ops.sub, [seconds, try fit.builder.constant(Tensor([settings.number("origin")] as [Double]))])
        let value = try fit.add(Ops.div, [since, try fit.builder.constant(Tensor([length] as [Double]))])
        return FeatureFlow(
            value: try fit.column(try fit.cast(value)), kind: .numbers,
            columns: [.init(Text("\(settings.text("unit")) since \(flow.columns[0].name)"))], sources: flow.sources)
    }

    /// `[N, 1]`
    private static func part(_ name: String, _ fit: FeatureFit, _ flow: FeatureFlow, _ offset: Int) throws(MaxError) -> ValueID {
        guard parts.contains(name) else {
            throw MaxError(.usage, "date_parts: parts: found \(Text(name).quoted), expected some of \(parts.joined(separator: ", "))")
        }
        let value = try fit.add(
            Ops.timePart, [flow.value],
            [
                "part": .string(Text(name)), "offset_minutes": .int(Int64(offset)), "missing": .int(.min), "to": .type(fit.element),
            ], label: flow.columns[0].name)
        return try fit.column(value)
    }
}
