import Glibc
import MaxIR

/// A folder for files, removed with them when nobody holds it any more. Holds files only, no folders.
final class Scratch: Sendable {
    let path: String

    init() throws(MaxError) {
        var template = Array("/tmp/maxai-mutations-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw MaxError(.io, "cannot make a folder in /tmp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
                unlink("\(path)/\(name)")
            }
            closedir(folder)
        }
        rmdir(path)
    }
}
