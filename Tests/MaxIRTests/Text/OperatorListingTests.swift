import Glibc
import MaxIR
import Testing

@Suite struct OperatorListingTests {
    @Test func theDocumentationIsThatOfTheDeclarations() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        let file = try #require(fopen("\(root)/docs/operators.md", "r"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        let isCurrent = String(decoding: bytes, as: UTF8.self) == Ops.listing()
        #expect(isCurrent, "write it anew: maxai-inspect --operators > docs/operators.md")
    }

    @Test func everyOperatorSaysWhatItComputesAndWhence() {
        for op in Ops.all { #expect(op.summary.contains("Source: "), "\(op.name): \(op.summary)") }
    }
}
