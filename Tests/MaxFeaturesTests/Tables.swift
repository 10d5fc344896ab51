import Glibc
import MaxCases
import MaxFeatures
import MaxIR
import MaxTabular

/// Tables for tests, written as CSV and read back.
enum Tables {
    /// - Parameter parts: rows of each file.
    static func read(_ header: String, _ rows: [String], types: [(name: Text, element: ElementType)], parts: [Int]? = nil) throws -> Table {
        let folder = "/tmp/maxai-features-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        guard mkdir(folder, 0o700) == 0 else { throw MaxError(.io, "cannot make \(folder)") }
        defer { rmdir(folder) }
        var locations: [String] = []
        var first = 0
        for (index, count) in (parts ?? [rows.count]).enumerated() {
            let path = "\(folder)/\(index).csv"
            guard let file = fopen(path, "w") else { throw MaxError(.io, "cannot write \(path)") }
            fputs(header + "\n" + rows[first..<first + count].joined(separator: "\n") + "\n", file)
            fclose(file)
            locations.append(path)
            first += count
        }
        defer { for location in locations { unlink(location) } }
        return try Table.read(locations, types: types)
    }

    static let types: [(name: Text, element: ElementType)] = [
        ("x", .f64), ("y", .f64), ("word", .string), ("time", .timestamp), ("target", .f64),
    ]

    /// 500 rows with missing values, ties and texts beyond ASCII.
    static func mixed(parts: [Int]? = nil) throws -> Table {
        let words = ["a", "b", "é", "日本", "a", "a", "zz"]
        let rows = (0..<500).map { i -> String in
            let x = i % 11 == 3 ? "" : "\(Double((i * 7919) % 1009) / 7 - 50)"
            let word = i % 13 == 5 ? "" : words[(i * 31) % 7]
            return "\(x),\(Double(i % 5)),\(word),2024-0\(i % 9 + 1)-1\(i % 10)T0\(i % 10):30:00Z,\((i * 31) % 3 == 0 ? 1 : 0)"
        }
        return try read("x,y,word,time,target", rows, types: types, parts: parts)
    }
}
