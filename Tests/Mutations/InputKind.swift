import MaxCases
import MaxCompiler
import MaxIR
import MaxRegistry

/// A kind of file or message that strangers hand in.
public enum InputKind: String, CaseIterable, Sendable {
    case onnx
    case xgboostJSON = "xgboost-json"
    case xgboostUBJSON = "xgboost-ubjson"
    case lightgbm
    case catboost
    case bundle
    case parquet
    case csv
    case arrow
    case ndjson
    case key
    case signature
    case requestJSON = "request-json"
    case requestBinary = "request-binary"
    case expectations
    /// What a registry or store answers with: manifests, references, challenges, lists.
    case registryAnswer = "registry-answer"

    /// The codes that a damaged input may be refused with. Anything else, `.internal` above all, is our mistake.
    var refusals: Set<MaxError.Code> {
        switch self {
        case .key: [.malformed, .untrusted]
        case .signature: [.malformed, .limitExceeded, .unsupported, .untrusted, .signatureInvalid, .contentMismatch]
        case .bundle: [.malformed, .limitExceeded, .unsupported, .contentMismatch]
        default: [.malformed, .limitExceeded, .unsupported]
        }
    }

    /// Case number `number`: one of `seeds`, changed once to eight times. The same numbers give the same bytes.
    func mutated(_ seeds: [[UInt8]], seed: UInt64, case number: Int) -> [UInt8] {
        let name = rawValue.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }
        var random = SeededGenerator(seed: seed &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(number) ^ name << 32)
        var bytes = seeds[random.below(seeds.count)]
        if random.below(100) == 0 {
            return (0..<random.below(5000)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
        for _ in 0..<[1, 1, 1, 2, 3, 8][random.below(6)] { mutateOnce(&bytes, seeds, &random) }
        return bytes
    }

    private func mutateOnce(_ bytes: inout [UInt8], _ seeds: [[UInt8]], _ random: inout SeededGenerator) {
        let isBlunt = random.below(4) == 0
        switch self {
        case .onnx:
            if !isBlunt, var tree = WireTree(bytes) {
                tree.damage(&random)
                bytes = tree.bytes
            } else {
                bytes.damage(&random, others: seeds)
            }
        case .bundle:
            if !isBlunt || random.below(2) == 0, var bundle = RawBundle(bytes) {
                Self.damage(&bundle, &random)
                bytes = bundle.bytes
            } else {
                bytes.damage(&random, others: seeds)
            }
        case .signature:
            if !isBlunt, let signed = SignedText(bytes) {
                bytes = signed.damaged(&random)
            } else {
                bytes.damageText(&random, others: seeds)
            }
        case .xgboostJSON, .lightgbm, .catboost, .csv, .ndjson, .requestJSON, .expectations, .registryAnswer:
            bytes.damageText(&random, others: seeds)
        case .requestBinary, .key: isBlunt ? bytes.damageText(&random, others: seeds) : bytes.damage(&random, others: seeds)
        case .xgboostUBJSON, .parquet, .arrow: bytes.damage(&random, others: seeds)
        }
    }

    /// Changes what is inside and seals it again: what lies behind the digests is reached only so.
    private static func damage(_ bundle: inout RawBundle, _ random: inout SeededGenerator) {
        guard !bundle.sections.isEmpty else { return }
        let index = random.below(bundle.sections.count)
        let telling = [UInt8].telling[random.below([UInt8].telling.count)]
        switch random.below(20) {
        case 0: bundle.sections.swapAt(index, random.below(bundle.sections.count))
        case 1: bundle.sections[index].kind = UInt32(random.below(20))
        case 2: bundle.sections[index].flags = UInt32(random.below(5))
        case 3: bundle.sections[index].offset = telling
        case 4: bundle.sections[index].storedBytes = telling
        case 5: bundle.sections[index].rawBytes = telling
        case 6: bundle.sectionCount = UInt32(truncatingIfNeeded: telling)
        default:
            if bundle.sections[index].kind <= 2, random.below(5) > 0, var tree = WireTree(bundle.sections[index].bytes) {
                tree.damage(&random)
                bundle.sections[index].bytes = tree.bytes
            } else {
                bundle.sections[index].bytes.damage(&random, others: [])
            }
        }
    }
}
