import MaxFormats
import MaxIR
import MaxRuntime

/// What the compiler wrote about how the bundle came to be.
struct Provenance {
    /// Each rewrite that changed something, with the number of its patches.
    var rewrites: [String] = []
    var dropped: [String] = []
    var provedRows: Int?

    /// nil when the bundle says nothing.
    init?(_ bundle: Bundle) throws(MaxError) {
        guard let bytes = try bundle.section(.provenance) else { return nil }
        let document = try JSONReader.read(bytes)
        for rewrite in document["rewrites"]?.elements ?? [] {
            if let name = rewrite["name"]?.text, let patches = rewrite["patches"]?.integer { rewrites.append("\(name) ×\(patches)") }
        }
        dropped = (document["droppedColumns"]?.elements ?? []).compactMap { $0.text?.string }
        provedRows = (document["proof"]?["rows"]?.integer).flatMap { Int(exactly: $0) }
    }
}
