import CArrowABI
import Glibc
import MaxIR

/// The shared library that holds Arrow C++. Opened on first use and kept: a program that touches no table never loads it.
struct ArrowPlugin: @unchecked Sendable {
    let functions: UnsafePointer<maxai_arrow_plugin>

    static let fileName = "libmaxai_arrow.so"
    private static let opened = Result { () throws(MaxError) -> ArrowPlugin in try open() }

    static func shared() throws(MaxError) -> maxai_arrow_plugin {
        try opened.get().functions.pointee
    }

    /// Where the plug-in may be, in order: `MAXAI_PLUGINS`; where an installation has it, beside the executable;
    /// `build/plugins` of a folder that the executable is in.
    static func candidates() -> [String] {
        var folders: [String] = []
        if let chosen = getenv("MAXAI_PLUGINS") { folders.append(String(cString: chosen)) }
        for image in imageFolders() {
            folders.append(image + "/../lib/maxai")
            folders.append(image + "/plugins")
            var ancestor = image[...]
            while let slash = ancestor.lastIndex(of: "/") {
                folders.append(ancestor + "/build/plugins")
                ancestor = ancestor[..<slash]
            }
        }
        var seen: Set<String> = []
        return folders.filter { !$0.isEmpty && seen.insert($0).inserted }.map { $0 + "/" + fileName }
    }

    /// The folders of the executable and of the image with this code, which differ in a test bundle.
    private static func imageFolders() -> [String] {
        var paths: [String] = []
        if let executable = resolved("/proc/self/exe") { paths.append(executable) }
        if let name = maxai_image_path(), let image = resolved(String(cString: name)) { paths.append(image) }
        return paths.compactMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    private static func open() throws(MaxError) -> ArrowPlugin {
        let candidates = candidates()
        guard let path = candidates.first(where: { access($0, R_OK) == 0 }) else {
            throw MaxError(
                .io,
                "tables need the Arrow plug-in: \(fileName) is in none of \(candidates.joined(separator: ", ")): "
                    + "build it with plugins/arrow/build.sh, or name its folder in MAXAI_PLUGINS")
        }
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw MaxError(.io, "cannot load the Arrow plug-in: \(dlerror().map { String(cString: $0) } ?? path)")
        }
        guard let symbol = dlsym(library, MAXAI_ARROW_PLUGIN_SYMBOL) else {
            throw MaxError(.io, "'\(path)' is no Arrow plug-in: it has no symbol \(MAXAI_ARROW_PLUGIN_SYMBOL)")
        }
        typealias Entry = @convention(c) () -> UnsafePointer<maxai_arrow_plugin>?
        guard let functions = unsafeBitCast(symbol, to: Entry.self)() else {
            throw MaxError(.io, "'\(path)' offers no functions")
        }
        guard functions.pointee.version == MAXAI_ARROW_PLUGIN_VERSION else {
            throw MaxError(
                .io,
                "'\(path)' has version \(functions.pointee.version), expected \(MAXAI_ARROW_PLUGIN_VERSION): "
                    + "build it again with plugins/arrow/build.sh")
        }
        return ArrowPlugin(functions: functions)
    }
}

extension MaxError {
    /// What the plug-in said about the table at `place`.
    init(_ failure: maxai_arrow_failure, _ place: String) {
        let message = withUnsafeBytes(of: failure.message) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        self.init(Code(rawValue: failure.code) ?? .internal, "\(place): \(message)")
    }
}
