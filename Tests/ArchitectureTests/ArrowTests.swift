import Glibc
import Testing

/// The arrow table of the design, held against what the sources really import.
@Suite struct ArrowTests {
    /// Module → what of ours it may import. Anything missing here may import nothing of ours.
    static let allowed: [String: Set<String>] = [
        "Sources/MaxIR": [],
        "formats/codec": ["MaxIR"],
        "runtime/engine": ["MaxIR", "MaxFormats", "CMaxKernels", "COpenSSL", "CZstd"],
        "Sources/MaxImport": ["MaxIR", "MaxFormats"],
        "Sources/MaxTabular": ["MaxIR", "CArrowABI"],
        "Sources/MaxBinding": ["MaxIR", "MaxTabular", "MaxRuntime"],
        "Sources/MaxRegistry": ["MaxIR", "MaxFormats", "MaxRuntime", "COpenSSL"],
        "Sources/MaxTransport": ["MaxIR", "MaxFormats", "MaxRuntime", "MaxRegistry", "COpenSSL", "CMaxHTTP"],
        "Sources/MaxCompiler": ["MaxIR", "MaxFormats", "MaxRuntime"],
        "Sources/MaxSettings": ["MaxIR"],
        "Sources/MaxFeatures": ["MaxIR", "MaxSettings", "MaxTabular", "MaxBinding", "MaxRuntime", "MaxLearning", "COpenBLAS"],
        "Sources/MaxLearning": ["MaxIR", "MaxSettings", "CMaxLearning", "COpenBLAS"],
        "Sources/MaxEvaluation": ["MaxIR", "MaxFormats"],
        "Sources/MaxExpectations": ["MaxIR", "MaxFormats", "MaxRuntime", "MaxSettings"],
        "Sources/MaxTraining": [
            "MaxIR", "MaxSettings", "MaxFormats", "MaxTabular", "MaxRuntime", "MaxFeatures", "MaxLearning", "MaxEvaluation",
            "MaxExpectations",
        ],
        "Sources/MaxServing": ["MaxIR", "MaxFormats", "MaxRuntime", "MaxRegistry", "MaxExpectations"],
        "Sources/MaxCommand": ["MaxIR"],
        "runtime/capi/library": ["MaxIR", "MaxRuntime", "CMaxAI"],
    ]
    /// Where Foundation may not appear at all.
    static let withoutFoundation = [
        "Sources/MaxIR", "formats/codec", "runtime/engine", "runtime/capi/library", "Sources/MaxServing",
        "Sources/MaxTransport",
    ]

    @Test(arguments: allowed.keys.sorted())
    func arrowsPointDown(folder: String) throws {
        let ours: Set<String> = [
            "MaxIR", "MaxFormats", "MaxRuntime", "MaxImport", "MaxTabular", "MaxBinding", "MaxRegistry", "MaxCompiler", "MaxServing",
            "MaxCommand", "MaxSettings", "MaxFeatures", "MaxLearning", "MaxEvaluation", "MaxExpectations", "MaxTraining",
            "CMaxLearning", "COpenBLAS", "MaxTransport", "CMaxHTTP",
            "CMaxKernels", "CArrowABI", "COpenSSL", "CZstd", "CMaxAI",
        ]
        for (file, module) in imports(in: folder) where ours.contains(module) {
            #expect(Self.allowed[folder]?.contains(module) == true, "\(file) imports \(module)")
        }
    }

    @Test(arguments: withoutFoundation)
    func noFoundation(folder: String) {
        for (file, module) in imports(in: folder) {
            #expect(!module.hasPrefix("Foundation"), "\(file) imports \(module)")
        }
    }

    private func imports(in folder: String) -> [(String, String)] {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        var found: [(String, String)] = []
        for file in swiftFiles(under: "/\(root)/\(folder)") {
            for line in contents(of: file).split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(of: "import"), at <= 1, at + 1 < words.count else { continue }
                found.append((file, String(words[at + 1])))
            }
        }
        return found
    }

    private func swiftFiles(under folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var found: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            if name.hasSuffix(".swift") { found.append("\(folder)/\(name)") } else { found += swiftFiles(under: "\(folder)/\(name)") }
        }
        return found
    }

    private func contents(of path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer.prefix(count)
        }
    }
}
