/// Cuts texts into n-grams of words (runs of two or more letters, digits or underscores: the pattern `(?u)\b\w\w+\b`), of
/// characters (two and more white ones in a row are one space) or whole.
public struct TextAnalyzer: Sendable {
    public enum Unit: String, Sendable, CaseIterable { case word, char, whole }

    public let unit: Unit
    public let least: Int
    public let most: Int
    public let lower: Bool

    public init(unit: Unit, least: Int = 1, most: Int = 1, lower: Bool = true) {
        self.unit = unit
        self.least = least
        self.most = most
        self.lower = lower
    }

    init(_ node: some OperatorNode) throws(MaxError) {
        let name = try node.string("analyzer")
        guard let unit = Unit(rawValue: name.string) else {
            throw MaxError(
                .malformed, "analyzer: found \(name.quoted), expected one of \(Unit.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let (least, most) = (try node.int("least"), try node.int("most"))
        guard least >= 1, most >= least, most <= 16 else {
            throw MaxError(.malformed, "n-grams of \(least) to \(most), expected 1 to 16, the least first")
        }
        self.init(unit: unit, least: Int(least), most: Int(most), lower: try node.flag("lower"))
    }

    /// Calls `body` with every n-gram of a text, in the order of lengths and places.
    ///
    /// - Parameter units: room for the text's pieces, whatever it holds.
    @inline(__always)
    public func forEachGram(of text: UnsafeBufferPointer<UInt8>, in units: inout TextUnits, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        units.cut(text, unit, lower: lower)
        units.forEachGram(unit == .whole ? 1...1 : least...most, body)
    }

    /// Every scalar in its lower-case form; a capital sigma at the end of a word becomes ς (Unicode 3.13, Final_Sigma).
    static func lowered(_ string: String) -> String {
        if string.utf8.allSatisfy({ $0 < 0x80 }) {
            return String(decoding: string.utf8.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        }
        var out = ""
        let scalars = string.unicodeScalars
        for index in scalars.indices {
            let scalar = scalars[index]
            guard scalar == "Σ" else {
                out.unicodeScalars.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
                continue
            }
            let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
            let after = scalars[scalars.index(after: index)...].first { !$0.properties.isCaseIgnorable }
            let isFinal = before?.properties.isCased == true && after?.properties.isCased != true
            out.unicodeScalars.append(isFinal ? "ς" : "σ")
        }
        return out
    }
}

extension Ops {
    static let featurizing = [interpolate, yeoJohnson, boxCox, normalQuantile, textCounts]
}
