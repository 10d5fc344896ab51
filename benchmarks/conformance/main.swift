import Glibc
import MaxCases

/// Holds imported models against the outputs that other libraries give, with the reference evaluator.
///
///     conformance [--record] [NAME ...]
///     conformance --fidelity
///
/// Prints how many cases pass, and the rest by operator. `benchmarks/conformance/passing.txt` names the cases that
/// must pass; the exit status is 1 when one no longer does. `--record` adds those that pass now; it never takes one away.
/// `--fidelity` prints how far off the values are, by operator, over the cases that pass.
var arguments = Array(CommandLine.arguments.dropFirst())
let records = arguments.contains("--record")
arguments.removeAll { $0 == "--record" }
if arguments == ["--fidelity"] {
    var fidelity = Fidelity()
    for name in CaseFolder.conformance.names() { fidelity.add(name, in: .conformance, isZoo: false) }
    for name in CaseFolder.zoo.names() { fidelity.add(name, in: .zoo, isZoo: true) }
    print(fidelity.markdown, terminator: "")
    exit(0)
}
if let option = arguments.first(where: { $0.hasPrefix("-") }) {
    stop("unknown option \(option): expected --record or --fidelity", 2)
}

func stop(_ message: String, _ status: Int32) -> Never {
    let line = "conformance: \(message)\n"
    _ = line.withCString { write(2, $0, line.utf8.count) }
    exit(status)
}

/// Cases counted together: those whose name starts with `prefix`, of one folder.
struct Section {
    let title: String
    let folder: CaseFolder
    let prefix: String
}

let sections = [
    Section(title: "ai.onnx.ml node cases", folder: .conformance, prefix: "node-ai_onnx_ml_"),
    Section(title: "ai.onnx node cases", folder: .conformance, prefix: "node-"),
    Section(title: "other onnx backend cases", folder: .conformance, prefix: ""),
    Section(title: "models of the zoo", folder: .zoo, prefix: ""),
]
var seen: Set<String> = []
var passed: Set<String> = []
var failed: [String: [(name: String, detail: String)]] = [:]
var skipped = 0
for section in sections {
    let all = section.folder.names(section.prefix)
    if all.isEmpty { stop("\(section.folder.path) has no cases: run make cases first", 10) }
    let names = all.filter { seen.insert($0).inserted && (arguments.isEmpty || arguments.contains($0)) }
    var (total, good) = (0, 0)
    for name in names {
        switch Outcome(of: name, in: section.folder) {
        case .passed:
            passed.insert(name)
            good += 1
            total += 1
        case .failed(let subject, let detail):
            failed[subject, default: []].append((name, detail))
            total += 1
        case .skipped: skipped += 1
        }
    }
    if total > 0 { print("\(section.title): \(good) of \(total)") }
}

if !failed.isEmpty { print("\nThe rest, by operator:") }
for (subject, cases) in failed.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
    if arguments.isEmpty {
        let shown = cases.prefix(3).map(\.name).joined(separator: ", ") + (cases.count > 3 ? ", …" : "")
        print("  \(cases.count)\t\(subject): \(shown)")
    } else {
        for (name, detail) in cases { print("  \(name): \(detail)") }
    }
}
if skipped > 0 { print("\n\(skipped) cases come without values or model and are not counted") }

var demanded: [String] = []
do {
    demanded = try CaseFolder.floor()
} catch {
    stop("\(error)", 10)
}
let lost = demanded.filter { seen.contains($0) && !passed.contains($0) && (arguments.isEmpty || arguments.contains($0)) }
if !lost.isEmpty { print("Passed before, and no longer does: \(lost.joined(separator: ", "))") }
if records, arguments.isEmpty {
    guard let file = fopen(CaseFolder.floorPath, "w") else {
        stop("\(CaseFolder.floorPath): cannot be written", 40)
    }
    for name in passed.union(demanded).sorted() { fputs("\(name)\n", file) }
    fclose(file)
}
print("\(passed.count) passed, \(failed.values.reduce(0) { $0 + $1.count }) failed, \(demanded.count) must pass")
exit(lost.isEmpty ? 0 : 1)
