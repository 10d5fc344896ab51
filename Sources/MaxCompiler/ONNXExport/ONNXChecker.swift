import Glibc
import MaxIR

/// libonnx's checker and strict shape inference, in a shared library that is opened on first use.
public struct ONNXChecker: Sendable {
    static let fileName = "libmaxai_onnx.so"

    private typealias Check = @convention(c) (UnsafeRawPointer?, Int, UnsafeMutablePointer<CChar>?, Int32) -> Int32
    private typealias Versions =
        @convention(c) (
            UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>
        ) -> Void

    private let check: Check
    /// The newest operator sets that this libonnx knows.
    public let opset: Int
    public let mlOpset: Int

    /// The plug-in, opened once for the process.
    ///
    /// - Throws: `.io` when it is nowhere, or does not load.
    public static func shared() throws(MaxError) -> ONNXChecker { try opened.get() }
    private static let opened = Result { () throws(MaxError) -> ONNXChecker in try ONNXChecker() }

    private init() throws(MaxError) {
        let candidates = Self.candidates()
        guard let path = candidates.first(where: { access($0, R_OK) == 0 }) else {
            throw MaxError(
                .io,
                "onnx: \(Self.fileName) is in none of \(candidates.joined(separator: ", ")): build it with "
                    + "plugins/onnx/build.sh, or name its folder in MAXAI_PLUGINS")
        }
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw MaxError(.io, "onnx: cannot load '\(path)': \(dlerror().map { String(cString: $0) } ?? "unknown reason")")
        }
        guard let check = dlsym(library, "maxai_onnx_check"), let versions = dlsym(library, "maxai_onnx_versions") else {
            throw MaxError(.io, "onnx: '\(path)' is not the ONNX plug-in of this version: build it again")
        }
        self.check = unsafeBitCast(check, to: Check.self)
        var (opset, ml, ir): (Int32, Int32, Int32) = (0, 0, 0)
        unsafeBitCast(versions, to: Versions.self)(&opset, &ml, &ir)
        (self.opset, mlOpset) = (Int(opset), Int(ml))
    }

    /// Whether the plug-in knows the operator sets of `options`.
    public func covers(_ options: ONNXExport.Options) -> Bool { options.opset <= opset && options.mlOpset <= mlOpset }

    /// - Throws: `.internal` with what the checker or the shape inference found wrong: the writer made the model.
    public func verify(_ model: [UInt8]) throws(MaxError) {
        var text = [CChar](repeating: 0, count: 2048)
        let status = model.withUnsafeBytes { check($0.baseAddress, $0.count, &text, Int32(text.count)) }
        guard status != 0 else { return }
        let stage = status == 1 ? "checker" : status == 2 ? "shape inference" : "reader"
        let said = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        throw MaxError(.internal, "onnx: the \(stage) of libonnx refuses the model: \(said)")
    }

    /// Where the plug-in may be, in order: `MAXAI_PLUGINS`; where an installation has it, beside the executable;
    /// `build/plugins` of a folder that the executable, or the image with this code, is in.
    private static func candidates() -> [String] {
        var folders: [String] = []
        if let chosen = getenv("MAXAI_PLUGINS") { folders.append(String(cString: chosen)) }
        for folder in imageFolders() {
            folders += [folder + "/../lib/maxai", folder + "/plugins"]
            var ancestor = folder[...]
            while let slash = ancestor.lastIndex(of: "/") {
                folders.append(ancestor + "/build/plugins")
                ancestor = ancestor[..<slash]
            }
        }
        var seen: Set<String> = []
        return folders.filter { !$0.isEmpty && seen.insert($0).inserted }.map { $0 + "/" + fileName }
    }

    private static func imageFolders() -> [String] {
        [resolved("/proc/self/exe"), imagePath()].compactMap { path in
            path.flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
        }
    }

    /// The file that this code was mapped from: in tests not the executable.
    private static func imagePath() -> String? {
        let address = UInt(bitPattern: #dsohandle)
        guard let maps = fopen("/proc/self/maps", "r") else { return nil }
        defer { fclose(maps) }
        var line = [CChar](repeating: 0, count: 4352)
        while fgets(&line, Int32(line.count), maps) != nil {
            // 7f00-7fff r-xp 00000000 08:01 123 /path
            let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            let bounds = text.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard bounds.count == 2, bounds[0] <= address, address < bounds[1] else { continue }
            return text.firstIndex(of: "/").map { String(text[$0...]) }
        }
        return nil
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
