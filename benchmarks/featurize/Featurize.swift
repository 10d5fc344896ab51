import Glibc
import MaxFeatures
import MaxFormats
import MaxIR
import MaxLearning
import MaxSettings

/// Learns features from a table and writes them, for comparison with other libraries.
///
///     featurize --page
///     featurize PLAN.json TABLE OUT.npy [--target COLUMN] [--classes K] [--threads N] [--training] [--apply TABLE]
///
/// PLAN is `[{"columns": [...], "steps": [{"name": ..., ...}]}]`, or `trees` or `linear` for the standard plan. OUT takes f64
/// `[columns, rows]`; the names of the features and the seconds of CPU that each part took are printed.
@main
struct Featurize {
    static func main() {
        do {
            try run(Array(CommandLine.arguments.dropFirst()))
        } catch let error as MaxError {
            say("featurize: \(error.message)\n")
            exit(error.code.rawValue)
        } catch {
            say("featurize: \(error)\n")
            exit(70)
        }
    }

    private static func run(_ given: [String]) throws {
        if given == ["--page"] { return print(Featurizers.page, terminator: "") }
        var places: [String] = []
        var options: [String: String] = [:]
        var index = 0
        while index < given.count {
            if given[index] == "--training" {
                options["--training"] = "yes"
            } else if given[index].hasPrefix("--"), index + 1 < given.count {
                options[given[index]] = given[index + 1]
                index += 1
            } else {
                places.append(given[index])
            }
            index += 1
        }
        guard places.count == 3 else { throw MaxError(.usage, "found \(places.count) places, expected PLAN TABLE OUT") }
        let threads = options["--threads"].flatMap { Int($0) } ?? 1
        var clock = Clock()
        let table = try Table.read([places[1]], threads: threads)
        clock.lap("read")
        var target: [Double]?
        if let name = options["--target"] {
            guard let column = table.index(of: Text(name)) else { throw MaxError(.usage, "--target: no column \(name)") }
            target = try table.numbers(column)
        }
        let leaveOut: Set<Text> = options["--target"].map { [Text($0)] } ?? []
        let plan: FeaturePlan
        switch places[0] {
        case "trees": plan = try FeaturePlan.standard(for: table, leaveOut: leaveOut, needs: []).plan
        case "linear":
            plan = try FeaturePlan.standard(for: table, leaveOut: leaveOut, needs: [.complete, .scaled, .numbers]).plan
        default: plan = try read(places[0])
        }
        clock.lap("plan")
        let fitted = try plan.fit(
            table, target: target, classes: options["--classes"].flatMap { Int($0) } ?? 1, threads: threads)
        clock.lap("fit")
        let other = try options["--apply"].map { try Table.read([$0], threads: threads) } ?? table
        clock.lap("read")
        let matrix = try fitted.matrix(of: other, threads: threads, training: options["--training"] != nil)
        clock.lap("apply")
        for column in matrix.columns { print(column.name) }
        try write(matrix, places[2])
    }

    private static func say(_ line: String) { _ = Array(line.utf8).withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) } }

    private struct Clock {
        private var last = clock()
        mutating func lap(_ what: String) {
            let now = clock()
            say("\(what): \(Double(now - last) / Double(CLOCKS_PER_SEC)) s\n")
            last = now
        }
    }

    private static func read(_ path: String) throws -> FeaturePlan {
        guard let file = fopen(path, "r") else { throw MaxError(.io, "cannot read '\(path)'") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        return FeaturePlan(
            columns: try JSONReader.read(bytes).elements.map { entry in
                let steps = entry["steps"]?.elements ?? []
                return ColumnPlan(
                    columns: (entry["columns"]?.elements ?? []).compactMap(\.text),
                    steps: steps.map { step in
                        var settings: [String: SettingValue] = [:]
                        if case .object(let object) = step {
                            for (key, value) in object.members where key != "name" { settings[key.string] = setting(value) }
                        }
                        return FeatureStep(step["name"]?.text?.string ?? "", settings)
                    })
            })
    }

    private static func setting(_ value: Document) -> SettingValue {
        switch value {
        case .bool(let flag): .flag(flag)
        case .string(let text): .text(text.string)
        case .number(let number): number.integer.map { .integer(Int($0)) } ?? number.double.map { .number($0) } ?? .null
        default: value.elements.isEmpty ? .null : .list(value.elements.map { setting($0) })
        }
    }

    private static func write(_ matrix: FeatureMatrix, _ path: String) throws {
        guard let file = fopen(path, "w") else { throw MaxError(.io, "cannot write '\(path)'") }
        defer { fclose(file) }
        let type = matrix.element == .f64 ? "<f8" : "<f4"
        var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(matrix.columns.count), \(matrix.rows)), }"
        while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
        header += "\n"
        let count = header.utf8.count
        let bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 255), UInt8(count >> 8)] + Array(header.utf8)
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count,
            fwrite(matrix.values, matrix.element == .f64 ? 8 : 4, matrix.columns.count * matrix.rows, file)
                == matrix.columns.count * matrix.rows
        else { throw MaxError(.io, "cannot write '\(path)'") }
    }
}
