import ArgumentParser
import MaxIR
import MaxRuntime
import MaxTabular

extension WantedContributions: ExpressibleByArgument {
    public init?(argument: String) {
        if argument == "all" {
            self = .all
        } else if let count = Int(argument), count > 0 {
            self = .largest(count)
        } else {
            return nil
        }
    }
}

/// The largest contributions of each row as columns of a table.
enum LargestColumns {
    static func columns(_ port: Schema.OutputPort, _ wanted: Int) throws(MaxError) -> [OutputColumn] {
        let largest = LargestContributions(wanted, of: port)
        var columns: [OutputColumn] = []
        for output in 0..<largest.outputs {
            let prefix = "contribution_\(largest.outputs > 1 ? "\(output)_" : "")"
            for place in 0..<largest.count {
                columns.append(try OutputColumn(Text("\(prefix)\(place + 1)_feature"), .string))
                columns.append(try OutputColumn(Text("\(prefix)\(place + 1)_value"), .f64))
            }
            columns.append(try OutputColumn(Text("\(prefix)base"), .f64))
        }
        return columns
    }

    /// - Parameter values: the contributions of row `range.lowerBound` and on start at `range.lowerBound * port.width`.
    static func buffers(
        _ port: Schema.OutputPort, _ wanted: Int, _ values: UnsafePointer<Double>, _ range: Range<Int>
    ) throws(MaxError) -> [ColumnBuffer] {
        var largest = LargestContributions(wanted, of: port)
        var columns: [ColumnBuffer] = []
        for output in 0..<largest.outputs {
            var features = [[Text]](repeating: [], count: largest.count)
            let numbers = try (0...largest.count).map { _ throws(MaxError) in try ColumnBuffer(.f64, rows: range.count) }
            for row in range {
                let part = values + row * port.width + output * (largest.columns + 2)
                largest.pick { part[$0] }
                for place in 0...largest.count {
                    let number = place < largest.count ? part[largest.positions[place]] : part[largest.columns]
                    numbers[place].values.assumingMemoryBound(to: Double.self)[row - range.lowerBound] = number
                    if place < largest.count { features[place].append(largest.names[largest.positions[place]]) }
                }
            }
            for place in 0..<largest.count { columns += [try ColumnBuffer(texts: features[place]), numbers[place]] }
            columns.append(numbers[largest.count])
        }
        return columns
    }
}
