import MaxCases
import MaxFormats
import MaxIR
import MaxRuntime
import Testing

/// One hostile input: its number in the list of attacks, what it is, and how it must be answered.
struct HostileCase: Sendable, CustomTestStringConvertible {
    let number: Int
    let what: String
    /// nil for what must be accepted.
    let code: MaxError.Code?
    /// A part of the message.
    let message: String
    let bytes: @Sendable () throws -> [UInt8]

    init(_ number: Int, _ what: String, _ code: MaxError.Code?, _ message: String, _ bytes: @escaping @Sendable () throws -> [UInt8]) {
        self.number = number
        self.what = what
        self.code = code
        self.message = message
        self.bytes = bytes
    }

    private static func use(_ bytes: [UInt8]) throws {
        let model = try Model.load(try Bundle(bytes: bytes))
        _ = try model.predict(model.schema.inputs.map { _ in Tensor([Float(1)]) })
    }

    var testDescription: String { "\(number) \(what)" }

    /// A bundle, changed.
    static func bundle(
        _ number: Int, _ what: String, _ code: MaxError.Code?, _ message: String, _ change: @escaping @Sendable (inout RawBundle) -> Void
    ) -> HostileCase {
        HostileCase(number, what, code, message) {
            var raw = try soundBundle()
            change(&raw)
            return raw.bytes
        }
    }

    /// Loads the bundle as the commands do, scores a row, and holds the answer against what is expected.
    func check() throws {
        let bytes = try bytes()
        guard let code else { return try Self.use(bytes) }
        let error = #expect(throws: MaxError.self) { try Self.use(bytes) }
        #expect(error?.code == code, "\(error?.message ?? "")")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
}

/// A small model without golden rows, taken apart: manifest, graph, constants, provenance.
func soundBundle() throws -> RawBundle {
    let bytes = try BundleWriter.bytes(
        of: BundleContent(info: ModelInfo(name: "sum"), producer: "test", graph: try sumGraph(), provenance: Array("{}".utf8)))
    return try #require(RawBundle(bytes))
}

enum SectionKind {
    static let manifest: UInt32 = 1
    static let graph: UInt32 = 2
    static let constants: UInt32 = 3
    static let provenance: UInt32 = 5
}
