import MaxFormats

extension GateReport {
    /// SARIF 2.1.0 as code scanning of GitHub takes it: every gate a rule, what did not pass a result.
    var sarif: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("version", "2.1.0")
            json.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
            json.member("runs", array: { json in json.object { run(&$0) } })
        }
        return json.bytes
    }

    private func run(_ json: inout JSONWriter) {
        json.member(
            "tool",
            object: { json in
                json.member(
                    "driver",
                    object: { json in
                        json.member("name", "maxai-registry")
                        json.member(
                            "rules",
                            array: { json in
                                for gate in gates {
                                    json.object { json in
                                        json.member("id", gate.id)
                                        json.member("name", gate.id)
                                        json.member(
                                            "shortDescription",
                                            object: { $0.member("text", "The gate \(gate.id) of the promotion policy") })
                                    }
                                }
                            })
                    })
            })
        json.member(
            "results",
            array: { json in
                for (index, gate) in gates.enumerated() where gate.state != .pass {
                    json.object { json in
                        json.member("ruleId", gate.id)
                        json.member("ruleIndex", index)
                        json.member("level", gate.state == .waived ? "note" : "error")
                        json.member("message", object: { $0.member("text", "\(title): \(gate.message)".printable) })
                        json.member(
                            "locations",
                            array: { json in
                                json.object { json in
                                    json.member(
                                        "physicalLocation",
                                        object: { json in
                                            json.member("artifactLocation", object: { $0.member("uri", Self.uri(artifact)) })
                                            json.member("region", object: { $0.member("startLine", 1) })
                                        })
                                }
                            })
                        json.member("partialFingerprints", object: { $0.member("gate/v1", fingerprint(gate)) })
                    }
                }
            })
    }

    /// Bytes that a URI may not hold, as `%NN`.
    private static func uri(_ text: String) -> String {
        text.utf8.reduce(into: "") { out, byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            if isPlain || "-._~/:@".utf8.contains(byte) {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                out += hex.utf8.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
    }

    /// JUnit's XML: a test case per gate; a waived one is skipped.
    var junit: String {
        func count(_ state: GateResult.State) -> Int { gates.count { $0.state == state } }
        let suite = Self.xml("maxai-registry \(command) \(title)")
        let counts = "tests=\"\(gates.count)\" failures=\"\(count(.fail))\" errors=\"\(count(.error))\" skipped=\"\(count(.waived))\""
        var out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites \(counts)>\n  <testsuite name=\"\(suite)\" \(counts)>\n"
        for gate in gates {
            out += "    <testcase classname=\"\(Self.xml(subject))\" name=\"\(Self.xml(gate.id))\""
            let message = Self.xml(gate.message)
            switch gate.state {
            case .pass: out += "><system-out>\(message)</system-out></testcase>\n"
            case .fail: out += "><failure message=\"\(message)\"/></testcase>\n"
            case .error: out += "><error message=\"\(message)\"/></testcase>\n"
            case .waived: out += "><skipped message=\"\(message)\"/></testcase>\n"
            }
        }
        return out + "  </testsuite>\n</testsuites>\n"
    }

    private static func xml(_ text: String) -> String { text.markup }

    /// The code quality report of GitLab.
    var gitlab: [UInt8] {
        var json = JSONWriter()
        json.array { json in
            for gate in gates where gate.state != .pass {
                json.object { json in
                    json.member("description", "\(title): \(gate.id): \(gate.message)".printable)
                    json.member("check_name", gate.id)
                    json.member("fingerprint", fingerprint(gate))
                    json.member("severity", gate.state == .waived ? "info" : "blocker")
                    json.member(
                        "location",
                        object: { json in
                            json.member("path", artifact.printable)
                            json.member("lines", object: { $0.member("begin", 1) })
                        })
                }
            }
        }
        return json.bytes
    }
}
