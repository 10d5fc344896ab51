/// Cuts texts into n-grams of words or characters.
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
    public func forEachGram(of text: Text, _ body: (Text) -> Void) {
        guard unit != .whole else { return body(lower ? Text(Self.lowered(text.string)) : text) }
        let string = lower ? Self.lowered(text.string) : text.string
        let units = unit == .word ? Self.words(string) : Self.characters(string)
        let joint: [UInt8] = unit == .word ? [0x20] : []
        for length in least...most where length <= units.count {
            for start in 0...units.count - length {
                if length == 1 {
                    body(units[start])
                } else {
                    var gram: [UInt8] = []
                    for place in start..<start + length { gram += (place > start ? joint : []) + units[place].utf8 }
                    body(Text(utf8: gram))
                }
            }
        }
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

    /// Every scalar; two and more white ones in a row are one space.
    static func characters(_ string: String) -> [Text] {
        var characters: [Text] = []
        var white: [Unicode.Scalar] = []
        func flush() {
            if let first = white.first { characters.append(white.count == 1 ? Text(String(first)) : " ") }
            white.removeAll(keepingCapacity: true)
        }
        for scalar in string.unicodeScalars {
            // Python's `\s` also has the four separators of ASCII.
            if scalar.properties.isWhitespace || (0x1c...0x1f).contains(scalar.value) {
                white.append(scalar)
            } else {
                flush()
                characters.append(Text(String(scalar)))
            }
        }
        flush()
        return characters
    }

    /// Runs of two or more letters, digits or underscores: the pattern `(?u)\b\w\w+\b`.
    static func words(_ string: String) -> [Text] {
        var words: [Text] = []
        var word: [UInt8] = []
        var count = 0
        func isPart(_ scalar: Unicode.Scalar) -> Bool {
            if scalar.value < 0x80 {
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_": return true
                default: return false
                }
            }
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .letterNumber,
                .otherNumber:
                return true
            default: return false
            }
        }
        for scalar in string.unicodeScalars {
            if isPart(scalar) {
                word += Array(String(scalar).utf8)
                count += 1
            } else {
                if count >= 2 { words.append(Text(utf8: word)) }
                word.removeAll(keepingCapacity: true)
                count = 0
            }
        }
        if count >= 2 { words.append(Text(utf8: word)) }
        return words
    }
}

extension Ops {
    static let featurizing = [interpolate, yeoJohnson, boxCox, normalQuantile, textCounts]
}
