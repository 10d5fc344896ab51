import MaxFormats
import MaxIR
import MaxRuntime

/// The protocols that send rows: KServe V1 `:predict` and MLflow `/invocations`.
///
/// Source: KServe V1 data plane; mlflow.pyfunc.scoring_server.
struct RowProtocols {
    let served: ServedModel
    let batch: RowBatch
    let maximumRows: Int

    /// `{"instances": [...]}` by row or `{"inputs": {...}}` by column; answers `predictions`.
    func predictV1(_ request: Request, _ context: (Int) throws(MaxError) -> Context) throws(MaxError) -> Answer {
        try predict(request, allowed: ["instances", "inputs"], ignored: ["signature_name", "parameters"], context)
    }

    /// Exactly one of `dataframe_split`, `dataframe_records`, `instances` and `inputs`; answers `predictions`.
    func invocations(_ request: Request, _ context: (Int) throws(MaxError) -> Context) throws(MaxError) -> Answer {
        try predict(request, allowed: ["dataframe_split", "dataframe_records", "instances", "inputs"], ignored: ["params"], context)
    }

    private func predict(
        _ request: Request, allowed: [String], ignored: [String], _ context: (Int) throws(MaxError) -> Context
    ) throws(MaxError) -> Answer {
        var scanner = JSONScanner(request.body)
        var found: (key: String, range: Range<Int>)?
        try scanner.object { scanner, key throws(MaxError) in
            let range = try scanner.skip()
            if allowed.contains(key.string) {
                guard found == nil else {
                    throw MaxError(
                        .malformed, "found '\(found?.key ?? "")' and '\(key)', expected exactly one of \(allowed.joined(separator: ", "))")
                }
                found = (key.string, range)
            } else if !ignored.contains(key.string) {
                throw MaxError(.malformed, "member \(key.quoted) is unknown, expected exactly one of \(allowed.joined(separator: ", "))")
            }
        }
        guard scanner.atEnd() else { throw scanner.malformed("the end of the request") }
        guard let found else { throw MaxError(.malformed, "expected one of \(allowed.joined(separator: ", ")), found none") }
        let body = JSONScanner(request.body, found.range)
        switch found.key {
        case "inputs": try columns(body)
        case "dataframe_split": try split(body, request.body)
        default: try records(body)
        }
        let context = try context(batch.rows)
        try batch.predict(context)
        return answer(context)
    }

    /// Rows as objects by column name, or as lists in the order of the columns.
    private func records(_ start: JSONScanner) throws(MaxError) {
        var counter = start
        var rows = 0
        try counter.array { scanner throws(MaxError) in
            _ = try scanner.skip()
            rows += 1
        }
        try begin(rows)
        var scanner = start
        var row = 0
        try scanner.array { scanner throws(MaxError) in
            if scanner.peek() == UInt8(ascii: "{") {
                var seen = Set<Int>()
                try scanner.object { scanner, key throws(MaxError) in try cell(&scanner, key, row, &seen) }
                try requireAll(seen, row)
            } else if scanner.peek() == UInt8(ascii: "[") {
                var column = 0
                try scanner.array { scanner throws(MaxError) in
                    guard column < served.schema.columns.count else { throw tooMany(row) }
                    try batch.read(&scanner, column, row)
                    column += 1
                }
                guard column == served.schema.columns.count else {
                    throw MaxError(.malformed, "row \(row): \(column) values, expected \(served.schema.columns.count)")
                }
            } else {
                guard served.schema.columns.count == 1 else {
                    throw MaxError(.malformed, "row \(row): expected an object or a list of \(served.schema.columns.count)")
                }
                try batch.read(&scanner, 0, row)
            }
            row += 1
        }
    }

    /// `{"column": [values], …}`.
    private func columns(_ start: JSONScanner) throws(MaxError) {
        var counter = start
        guard counter.peek() == UInt8(ascii: "{") else { return try records(start) }
        var rows: Int?
        try counter.object { scanner, key throws(MaxError) in
            var count = 0
            try scanner.array { scanner throws(MaxError) in
                _ = try scanner.skip()
                count += 1
            }
            guard rows == nil || rows == count else {
                throw MaxError(.malformed, "column \(key.quoted): \(count) rows, expected \(rows ?? 0)")
            }
            rows = count
        }
        try begin(rows ?? 0)
        var scanner = start
        var seen = Set<Int>()
        try scanner.object { scanner, key throws(MaxError) in
            let column = try position(key)
            guard seen.insert(column).inserted else { throw MaxError(.malformed, "column \(key.quoted): given twice") }
            var row = 0
            try scanner.array { scanner throws(MaxError) in
                if scanner.take("[") {
                    try batch.read(&scanner, column, row)
                    try scanner.expect("]")
                } else {
                    try batch.read(&scanner, column, row)
                }
                row += 1
            }
        }
        try requireAll(seen, 0)
    }

    /// `{"columns": [...], "data": [[...], …], "index"?: …}`.
    private func split(_ start: JSONScanner, _ body: UnsafeRawBufferPointer) throws(MaxError) {
        var scanner = start
        var names: [Text] = []
        var data: Range<Int>?
        try scanner.object { scanner, key throws(MaxError) in
            switch key.string {
            case "columns": try scanner.array { scanner throws(MaxError) in names.append(try scanner.text()) }
            case "data": data = try scanner.skip()
            default: _ = try scanner.skip()
            }
        }
        guard let data else { throw MaxError(.malformed, "dataframe_split: 'data' is missing") }
        var order: [Int?] = []
        var seen = Set<Int>()
        for name in names {
            let column = batch.position(of: name)
            if let column, !seen.insert(column).inserted { throw MaxError(.malformed, "column \(name.quoted): given twice") }
            order.append(column)
        }
        try requireAll(seen, 0)
        var rows = 0
        var counter = JSONScanner(body, data)
        try counter.array { scanner throws(MaxError) in
            _ = try scanner.skip()
            rows += 1
        }
        try begin(rows)
        var reader = JSONScanner(body, data)
        var row = 0
        try reader.array { scanner throws(MaxError) in
            var position = 0
            try scanner.array { scanner throws(MaxError) in
                guard position < order.count else { throw tooMany(row) }
                if let column = order[position] { try batch.read(&scanner, column, row) } else { _ = try scanner.skip() }
                position += 1
            }
            guard position == order.count else { throw MaxError(.malformed, "row \(row): \(position) values, expected \(order.count)") }
            row += 1
        }
    }

    private func tooMany(_ row: Int) -> MaxError { MaxError(.malformed, "row \(row): more values than columns") }

    private func begin(_ rows: Int) throws(MaxError) {
        guard rows <= maximumRows else { throw MaxError(.limitExceeded, "\(rows) rows, at most \(maximumRows) per request") }
        batch.start(rows: rows)
    }

    private func position(_ name: Text) throws(MaxError) -> Int {
        guard let column = batch.position(of: name) else {
            throw MaxError(.malformed, "column \(name.quoted): the model has none of this name")
        }
        return column
    }

    private func cell(_ scanner: inout JSONScanner, _ key: Text, _ row: Int, _ seen: inout Set<Int>) throws(MaxError) {
        let column = try position(key)
        guard seen.insert(column).inserted else { throw MaxError(.malformed, "row \(row): column \(key.quoted) given twice") }
        try batch.read(&scanner, column, row)
    }

    private func requireAll(_ seen: Set<Int>, _ row: Int) throws(MaxError) {
        for (index, column) in served.schema.columns.enumerated() where !seen.contains(index) {
            if column.missing == nil || column.missing == .error {
                throw MaxError(.malformed, "row \(row): column \(column.name.quoted) is not given, and the model needs it")
            }
        }
    }

    /// One object per row with the outputs by name; a model with one output of one value gives the bare values.
    private func answer(_ context: Context) -> Answer {
        let outputs = served.schema.outputs
        return Answer.json { json in
            json.object { json in
                json.member(
                    "predictions",
                    array: { json in
                        for row in 0..<batch.rows {
                            if outputs.count == 1 {
                                element(context, 0, row, &json)
                            } else {
                                json.object { json in
                                    for (index, port) in outputs.enumerated() {
                                        json.key(port.name.string)
                                        element(context, index, row, &json)
                                    }
                                }
                            }
                        }
                    })
            }
        }
    }

    private func element(_ context: Context, _ index: Int, _ row: Int, _ json: inout JSONWriter) {
        let port = served.schema.outputs[index]
        let range = row * port.width..<(row + 1) * port.width
        if port.width == 1 {
            OutputText.write(context, index, port, range, to: &json)
        } else {
            json.array { json in OutputText.write(context, index, port, range, to: &json) }
        }
    }
}
