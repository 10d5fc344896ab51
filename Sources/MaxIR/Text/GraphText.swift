/// A graph written down, with the tensors that were too large to stand in the text.
///
///     graph @churn(%age: f64?[N] missing=nan, %X: f32[N, 3] columns=["a", "b", "c"]) -> (%p: f32[N, 2]) {
///       %2 = constant() {value = dense<f32[2]: 0.5, -1.0>} : f32[2]
///       %3 = constant() {value = #5f1c33a09be0a41f} : f32[3, 2]
///       %p = gemm(%X, %3, %2) {alpha = 0.5} : f32[N, 2] @"node label"
///     }
///
/// The form, where `name` is an identifier or a quoted text and digits stand for unnamed values:
///
///     graph    = "graph" "@"name "(" input,* ")" "->" "(" output,* ")" "{" node* "}"
///     input    = "%"name ":" type ["missing=" ("error" | "nan" | number | text)] ["columns=" texts]
///     output   = "%"name ["=" value] ":" type ["labels=" texts]
///     node     = value,+ "=" operator "(" (value | "_"),* ")" ["{" (attribute "=" constant),* "}"]
///                [":" type,+] ["@" text]
///     value    = "%"digits | "%"name
///     type     = element ["?"] "[" ("*" | (number | symbol | "?"),*) "]" | "map<" element "," element ">" | "seq<" type ">"
///     constant = number | text | element | "[" … "]" | tensor
///     tensor   = "dense<" type [":" element,+] ">" | "#"hash
///
/// `//` starts a comment. Floats are the shortest digits that read back to the same bits, `inf`, `-inf`, `nan`
/// for the quiet NaN without payload and `nan(0x7fc00001)` for any other. A `?` after the element type says that
/// values may be missing; `_` is an operand left out. Attributes stand in the order of the operator's declaration.
/// The types of a node may be left out when written by hand; where they stand they must be what inference gives.
public struct GraphText: Sendable, Hashable {
    public var text: String
    /// The tensors that stand as `#hash`, by their hash.
    public var constants: [String: Tensor]

    public init(_ text: String, constants: [String: Tensor] = [:]) {
        self.text = text
        self.constants = constants
    }
}

extension Graph {
    /// The text form. Equal graphs give equal texts, whatever the process and the machine.
    ///
    /// - Parameter inlineLimit: tensors of at most this many elements stand in the text, larger ones by hash.
    public func text(inlineLimit: Int = 16) -> GraphText {
        var printer = GraphPrinter(graph: self, inlineLimit: inlineLimit)
        return printer.print()
    }

    /// Reads the text form and verifies the graph.
    ///
    /// - Throws: `.malformed` with line and column; `.limitExceeded` for a text above `Limits.textBytes`.
    public init(_ text: GraphText) throws(MaxError) {
        var parser = try GraphParser(text)
        self = try parser.graph()
    }
}

extension Graph: CustomStringConvertible {
    public var description: String { text().text }
}

extension Limits {
    /// Bytes of a graph's text form.
    public static let textBytes = 1 << 28
    /// Types inside types in the text form.
    public static let typeDepth = 16
    /// Extents of one shape in the text form.
    public static let textExtents = 64
}
