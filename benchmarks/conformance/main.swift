import Glibc
import MaxCases

/// Holds imported models against the outputs that other libraries give, with the reference evaluator.
///
///     conformance [--record] [NAME ...]
///
/// Prints what does not pass, by reason, and ends with `N passed, N failed`. `benchmarks/conformance/passing.txt`
/// names the cases that must pass; the exit status is 1 when one no longer does. `--record` rewrites that file.
var arguments = Array(CommandLine.arguments.dropFirst())
let records = arguments.contains("--record")
arguments.removeAll { $0 == "--record" }
if let option = arguments.first(where: { $0.hasPrefix("-") }) {
    stop("unknown option \(option): the one option is --record", 2)
}

func stop(_ message: String, _ status: Int32) -> Never {
    let line = "conformance: \(message)\n"
    _ = line.withCString { write(2, $0, line.utf8.count) }
    exit(status)
}

var passed: [String] = []
var failed: [String: [String]] = [:]
var skipped = 0
for (title, folder) in [("conformance", CaseFolder.conformance), ("zoo", CaseFolder.zoo)] {
    let names = folder.names().filter { arguments.isEmpty || arguments.contains($0) }
    if names.isEmpty, arguments.isEmpty {
        stop("\(folder.path) has no cases: run make setup-test first", 10)
    }
    var (total, good) = (0, 0)
    for name in names {
        switch Outcome(of: name, in: folder) {
        case .passed:
            passed.append(name)
            total += 1
            good += 1
        case .failed(let reason, let detail):
            failed[reason, default: []].append(name)
            total += 1
            if !arguments.isEmpty { print("\(name): \(detail)") }
        case .skipped: skipped += 1
        }
    }
    print("\(title): \(good) of \(total)")
}

if !failed.isEmpty { print("\nNot passed, by reason:") }
for (reason, names) in failed.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
    let shown = names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
    print("  \(names.count)\t\(reason): \(shown)")
}
print("\(skipped) cases come without values or model and are not counted")

let floor = CaseFolder("benchmarks/conformance/passing.txt").path
let demanded = (try? CaseFolder.bytes(floor)).map { String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init) } ?? []
let lost = demanded.filter { !passed.contains($0) && (arguments.isEmpty || arguments.contains($0)) }
if records, arguments.isEmpty {
    guard let file = fopen(floor, "w") else {
        stop("\(floor): cannot be written", 40)
    }
    for name in passed.sorted() { fputs("\(name)\n", file) }
    fclose(file)
} else if !lost.isEmpty {
    print("Passed before, and no longer does: \(lost.joined(separator: ", "))")
}
print("\(passed.count) passed, \(failed.values.reduce(0) { $0 + $1.count }) failed")
exit(lost.isEmpty || records ? 0 : 1)
