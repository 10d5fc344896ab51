import MaxIR
import MaxRegistry
import Testing

private let root = "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="
private let line = "— log AAAAAAA="

@Suite struct LogHostileNoteTests {
    @Test func theTextThatTheOthersAreMadeFromIsRead() throws {
        let checkpoint = try Checkpoint(Array("log\n1\n\(root)\n\n\(line)\n".utf8))
        #expect(checkpoint.origin == "log" && checkpoint.size == 1 && checkpoint.root == .leaf([]))
        let extended = try Checkpoint(Array("a log of ours\n1\n\(root)\nextension\n\n\(line)\n".utf8))
        #expect(extended.bytes == Array("a log of ours\n1\n\(root)\nextension\n\n\(line)\n".utf8))
    }

    @Test(arguments: [
        // Lines
        "", "\n", "\n\n", "log", "log\n1\n\(root)\n", "log\n1\n\(root)\n\(line)\n", "log\n1\n\n\(line)\n", "\n1\n\(root)\n\n\(line)\n",
        "log\n1\n\(root)\n\n\(line)", "log\n1\n\(root)\n\n\n\(line)\n", "log\n\n1\n\(root)\n\n\(line)\n", "\n\n\(line)\n",
        "log\r\n1\r\n\(root)\r\n\r\n\(line)\r\n", "log\n1\n\(root)\next\n\next\n\n\(line)\n",
        // Origin
        "l\u{1b}[31mog\n1\n\(root)\n\n\(line)\n", "l\tog\n1\n\(root)\n\n\(line)\n", "l\u{85}og\n1\n\(root)\n\n\(line)\n",
        "l\u{202e}og\n1\n\(root)\n\n\(line)\n", "l\u{2028}og\n1\n\(root)\n\n\(line)\n", "l\u{7f}og\n1\n\(root)\n\n\(line)\n",
        String(repeating: "l", count: 256) + "\n1\n\(root)\n\n\(line)\n",
        // Size
        "log\n01\n\(root)\n\n\(line)\n", "log\n+1\n\(root)\n\n\(line)\n", "log\n-1\n\(root)\n\n\(line)\n", "log\n1 \n\(root)\n\n\(line)\n",
        "log\n0x1\n\(root)\n\n\(line)\n", "log\n18446744073709551616\n\(root)\n\n\(line)\n", "log\n1e3\n\(root)\n\n\(line)\n",
        "log\n१\n\(root)\n\n\(line)\n", "log\n0\n\(root)\n\n\(line)\n", "log\n00\n\(root)\n\n\(line)\n",
        // Root
        "log\n1\nAAAA\n\n\(line)\n", "log\n1\n\(root.dropLast())\n\n\(line)\n", "log\n1\n\(root)=\n\n\(line)\n",
        "log\n1\n \(root)\n\n\(line)\n",
        "log\n1\nbjQLnP-zepicpUTmu3gKLHiQHT-zNzh2hRGjBhevoB0=\n\n\(line)\n",
        "log\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB1=\n\n\(line)\n",
        // Signature lines
        "log\n1\n\(root)\n\n- log AAAAAAA=\n", "log\n1\n\(root)\n\n— log\n", "log\n1\n\(root)\n\n—  AAAAAAA=\n",
        "log\n1\n\(root)\n\n— log  AAAAAAA=\n",
        "log\n1\n\(root)\n\n— log AAAAAAA= \n", "log\n1\n\(root)\n\n— log AAAAAA==\n", "log\n1\n\(root)\n\n— log AAAAAAA\n",
        "log\n1\n\(root)\n\n— l+og AAAAAAA=\n", "log\n1\n\(root)\n\n— l\u{a0}og AAAAAAA=\n", "log\n1\n\(root)\n\n— log !AAAAAA=\n",
    ])
    func malformedCheckpointsAreRefused(text: String) {
        let error = #expect(throws: MaxError.self) { try Checkpoint(Array(text.utf8)) }
        #expect(error?.code == .malformed, "\(error?.message ?? "")")
    }

    @Test func whatIsNotUTF8IsMalformed() {
        let error = #expect(throws: MaxError.self) { try Checkpoint([0xff] + Array("log\n1\n\(root)\n\n\(line)\n".utf8)) }
        #expect(error?.code == .malformed)
    }

    @Test func aCheckpointWithoutSignatureIsUnsigned() {
        let error = #expect(throws: MaxError.self) { try Checkpoint(Array("log\n1\n\(root)\n\n".utf8)) }
        #expect(error?.code == .unsigned)
    }

    @Test func sizesAndSignaturesHaveLimits() throws {
        func code(_ text: String) -> MaxError.Code? {
            do throws(MaxError) {
                _ = try Checkpoint(Array(text.utf8))
                return nil
            } catch { return error.code }
        }
        let head = "log\n1\n\(root)\n\n"
        #expect(code(head + String(repeating: line + "\n", count: 64)) == nil)
        #expect(code(head + String(repeating: line + "\n", count: 65)) == .limitExceeded)
        #expect(code(head + "— log " + String(repeating: "A", count: 1 << 20) + "\n") == .limitExceeded)
        #expect(code("log\n\(UInt64(1) << 62)\n\(root)\n\n\(line)\n") == nil)
        #expect(code("log\n\(UInt64(1) << 62 + 1)\n\(root)\n\n\(line)\n") == .limitExceeded)
        #expect(code("log\n\(UInt64.max)\n\(root)\n\n\(line)\n") == .limitExceeded)
        #expect(code("log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\(line)\n") == nil)
    }

    @Test func extraDataOfAProofIsKept() throws {
        let text = "c2sp.org/tlog-proof@v1\nextra AAEC\nindex 0\n\nlog\n1\n\(root)\n\n\(line)\n"
        let proof = try LogProof(Array(text.utf8))
        #expect(proof.extra == [0, 1, 2])
        #expect(proof.bytes == Array(text.utf8))
    }

    @Test(arguments: [
        "", "c2sp.org/tlog-proof@v2\nindex 0\n\n", "c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n",
        "c2sp.org/tlog-proof@v1\nindex 00\n\n", "c2sp.org/tlog-proof@v1\nindex -1\n\n", "c2sp.org/tlog-proof@v1\nindex\n\n",
        "c2sp.org/tlog-proof@v1\nindex 1\n\n", "c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nextra AAEC\n\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n", "c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + String(repeating: root + "\n", count: 64) + "\n", "c2sp.org/tlog-proof@v1\nindex 0\n\n\n",
    ])
    func malformedProofsAreRefused(head: String) {
        let error = #expect(throws: MaxError.self) { try LogProof(Array((head + "log\n1\n\(root)\n\n\(line)\n").utf8)) }
        #expect(error?.code == .malformed, "\(error?.message ?? "")")
    }
}
