import Glibc
import MaxIR

extension ModelSignature {
    /// A detached signature of all files of a directory.
    ///
    /// - Parameters:
    ///   - signaturePath: where the signature will lie; left out of the model when it is inside.
    ///   - ignoring: relative paths that are left out as well.
    /// - Throws: `.unsupported` for links and special files, `.malformed` for a path in `ignoring` that leads out, `.notFound` for a
    ///   directory without files, `.io`.
    public static func sign(directory path: String, signaturePath: String, ignoring: [Text] = [], with signer: any Signer)
        throws(MaxError) -> [UInt8]
    {
        for path in ignoring where !path.isModelPath { throw MaxError(.malformed, "\(path.quoted) is no path inside the model") }
        let directory = try ModelDirectory(path: path, refusal: .unsupported)
        let ignored = (ignoring + [relative(signaturePath, to: path)].compactMap { $0 }).sorted()
        var resources: [Statement.Resource] = []
        for name in try directory.files(ignoring: ignored) {
            let (file, bytes) = try directory.opened(name)
            defer { close(file) }
            resources.append(.init(name: name, digest: try directory.digest(file, 0..<bytes, .sha256, name)))
        }
        guard !resources.isEmpty else { throw MaxError(.notFound, "\(path): holds no file") }
        let statement = Statement(subject: lastComponent(resolved(path) ?? path), resources: resources, ignoredPaths: ignored)
        return try SignatureBundle(signing: statement, with: signer).bytes
    }

    /// Checks every file of a directory against a statement: all that is listed is there, and nothing else.
    ///
    /// - Returns: the root digest.
    static func check(_ statement: Statement, directory path: String, signaturePaths: [String]) throws(MaxError) -> String {
        let directory = try ModelDirectory(path: path, refusal: .contentMismatch)
        let listed = try pieces(of: statement)
        let ignored = statement.ignoredPaths + signaturePaths.compactMap { relative($0, to: path) }
        for (name, pieces) in listed {
            let (file, bytes) = try directory.opened(name)
            defer { close(file) }
            for (range, digest) in try ranges(pieces, shardBytes: statement.shardBytes, bytes: bytes, name) {
                let found = try directory.digest(file, range, statement.hash, name)
                guard found == digest else {
                    throw MaxError(.contentMismatch, "\(name.quoted) has digest \(found), signed was \(digest)")
                }
            }
        }
        // A file under an ignored path that is not listed is no part of the model: whoever loads it opens listed files only.
        let names = Set(listed.map(\.name))
        for file in try directory.files(ignoring: ignored) where !names.contains(file) {
            throw MaxError(.contentMismatch, "\(file.quoted) is in the directory, and was not signed")
        }
        return statement.root
    }

    private typealias Piece = (start: Int, end: Int, digest: String)

    /// The listed files with their pieces, in ascending order of names; one piece without bounds for a whole file.
    private static func pieces(of statement: Statement) throws(MaxError) -> [(name: Text, pieces: [Piece])] {
        guard statement.shardBytes != nil else {
            for resource in statement.resources where resource.name == singleFile {
                throw MaxError(.contentMismatch, "the signature is of a file, not of a directory")
            }
            return statement.resources.map { ($0.name, [(0, 0, $0.digest)]) }.sorted { $0.0 < $1.0 }
        }
        var found: [Text: [Piece]] = [:]
        for resource in statement.resources {
            // Names may hold colons themselves: the last two count.
            let parts = resource.name.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            guard parts.count >= 3, let start = bound(parts[parts.count - 2]), let end = bound(parts[parts.count - 1]), start < end else {
                throw MaxError(.malformed, "statement: \(resource.name.quoted), expected path:start:end")
            }
            let name = Text(utf8: Array(parts.dropLast(2).joined(separator: [UInt8(ascii: ":")])))
            guard name.isModelPath else { throw MaxError(.malformed, "\(name.quoted) is no path inside the model") }
            found[name, default: []].append((start, end, resource.digest))
        }
        return found.map { ($0.key, $0.value.sorted { $0.start < $1.start }) }.sorted { $0.0 < $1.0 }
    }

    private static func bound(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }), digits.count == 1 || digits.first != 0x30
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    private static func ranges(_ pieces: [Piece], shardBytes: Int?, bytes: Int, _ name: Text) throws(MaxError) -> [(Range<Int>, String)] {
        guard let shardBytes else { return pieces.map { (0..<bytes, $0.digest) } }
        var position = 0
        for piece in pieces {
            let expected = shardBytes < bytes - position ? position + shardBytes : bytes
            guard piece.start == position, piece.end == expected else {
                throw MaxError(
                    .contentMismatch,
                    "\(name.quoted), \(bytes) bytes: piece \(piece.start) to \(piece.end) is listed, expected \(position) to \(expected)")
            }
            position = expected
        }
        guard position == bytes else {
            throw MaxError(.contentMismatch, "\(name.quoted): \(position) bytes were signed, there are \(bytes)")
        }
        return pieces.map { ($0.start..<$0.end, $0.digest) }
    }

    /// A path as it is seen from inside a directory; nil when it is outside.
    static func relative(_ file: String, to directory: String) -> Text? {
        let parts = file.split(separator: "/", omittingEmptySubsequences: true)
        guard let last = parts.last, let base = resolved(directory) else { return nil }
        let parent = parts.count == 1 ? (file.hasPrefix("/") ? "/" : ".") : String(file[..<last.startIndex])
        guard let folder = resolved(parent) else { return nil }
        let prefix = base == "/" ? base : base + "/"
        let full = folder == "/" ? "/\(last)" : "\(folder)/\(last)"
        guard full.utf8.starts(with: prefix.utf8) else { return nil }
        return Text(utf8: Array(full.utf8.dropFirst(prefix.utf8.count)))
    }

    private static func resolved(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    private static func lastComponent(_ path: String) -> Text { Text(path.split(separator: "/").last.map(String.init) ?? path) }
}
