import MaxFormats
import MaxIR

extension RowProtocols {
    /// `text/csv` with a line of names first. An empty field without quotes is a missing value; columns that the model has
    /// not are passed over, as in `dataframe_split`.
    ///
    /// Unlike pandas.read_csv, words such as `NA` and `null` are texts: a category may have that name.
    func csv(_ body: UnsafeRawBufferPointer) throws(MaxError) {
        var scanner = CSVScanner(body)
        guard scanner.nextLine() else { throw MaxError(.malformed, "the body is empty, expected a line with the names of the columns") }
        var order: [Int?] = []
        var seen = Set<Int>()
        var more = true
        while more {
            more = try scanner.next()
            let name = Text(utf8: scanner.field)
            let column = batch.position(of: name)
            if let column, !seen.insert(column).inserted { throw MaxError(.malformed, "column \(name.quoted): given twice") }
            order.append(column)
        }
        try requireAll(seen, 0)
        var counter = scanner
        var rows = 0
        while counter.nextLine() {
            while try counter.next() {}
            rows += 1
        }
        try begin(rows)
        for row in 0..<rows {
            guard scanner.nextLine() else { break }
            let line = scanner.line
            var position = 0
            var more = true
            while more {
                more = try scanner.next()
                guard position < order.count else { throw tooMany(row) }
                if let column = order[position], scanner.wasQuoted || !scanner.field.isEmpty {
                    do throws(MaxError) {
                        try batch.read(text: scanner.field, column, row)
                    } catch {
                        throw error.inside("line \(line)")
                    }
                }
                position += 1
            }
            guard position == order.count else { throw MaxError(.malformed, "line \(line): \(position) values, expected \(order.count)") }
        }
    }
}
