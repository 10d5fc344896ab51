import Glibc
import MaxCases
import MaxExpectations
import MaxIR
import MaxImport
import MaxRegistry
import MaxRuntime
import MaxTabular

/// Good inputs of each kind, to be damaged.
public enum Seeds {
    /// - Parameter scratch: a folder to make tables in.
    /// - Throws: `.notFound` when the zoo has not been made.
    public static func of(_ kind: InputKind, scratch: String) throws(MaxError) -> [[UInt8]] {
        switch kind {
        case .onnx: try models(suffix: ".onnx", under: 6000) + conformance()
        case .xgboostJSON: try models(suffix: ".json", under: 24_000).filter { !CatBoost.detect($0) }
        case .catboost: try models(suffix: ".json", under: 40_000).filter { CatBoost.detect($0) }
        case .xgboostUBJSON: try models(suffix: ".ubj", under: 24_000)
        case .lightgbm: try models(suffix: ".txt", under: 16_000)
        case .bundle: try bundles()
        case .parquet: try tables([.zstd, .snappy, .none], "parquet", scratch)
        case .arrow: try tables([.none, .zstd], "arrow", scratch) + tables([.none], "arrows", scratch)
        case .csv: try tables([.none], "csv", scratch) + [Array("a;b\r\n\"x\"\"y\";1\r\n".utf8), Array("\u{feff}id\tname\n1\té\n".utf8)]
        case .ndjson: try tables([.none], "ndjson", scratch)
        case .key: try keys()
        case .signature: [try ModelSignature.sign(SignedText.content, with: SignedText.key.get())]
        case .requestJSON: ServedSum.jsonRequests
        case .requestBinary: ServedSum.binaryRequests
        case .expectations: expectations
        case .registryAnswer: registryAnswers
        }
    }

    private static var registryAnswers: [[UInt8]] {
        let digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        let blob = #"{"mediaType":"application/vnd.oci.empty.v1+json","digest":"\#(digest)","size":2}"#
        let manifest = "application/vnd.oci.image.manifest.v1+json"
        return [
            #"{"schemaVersion":2,"mediaType":"\#(manifest)","config":\#(blob),"layers":[\#(blob),\#(blob)],"subject":\#(blob)}"#,
            #"{"schema":"maxai.ref/1","manifest":\#(blob),"referrers":["\#(digest)"]}"#,
            #"Negotiate, Bearer realm="https://auth.example/token",service="a",scope="repository:a/b:pull,push", Basic realm=x"#,
            #"</v2/a/tags/list?n=2&last=b>; rel="next""#, "oci://registry.example:5000/team/churn:1.2.0", "oci://[::1]/a/b@\(digest)",
            "<R><Key>a/refs/1.json</Key><Key>a&amp;b</Key><IsTruncated>true</IsTruncated></R>", "//[fe80::1]:80/x?y#z", "../x?y",
        ].map { Array($0.utf8) }
    }

    private static var expectations: [[UInt8]] {
        let columns = [
            ColumnExpectation(name: "age", element: .f64, maximumMissingShare: 0.05, minimum: 0, maximum: 120.5, isNotConstant: true),
            ColumnExpectation(name: "count", element: .i32, maximumMissingShare: 0, minimum: -3),
            ColumnExpectation(name: "flag", element: .bool, isNotConstant: true),
            ColumnExpectation(name: "at", element: .timestamp, maximum: 4e15),
            ColumnExpectation(name: "na\"me é", element: .string, categories: ["a", "é", "", "x y"], maximumOtherShare: 0.25),
            ColumnExpectation(name: "code", element: .string, categories: [], maximumOtherShare: 0),
        ]
        return [
            Expectations(minimumRows: 100, columns: columns).json, Expectations(columns: Array(columns.prefix(2))).json,
            Array(
                #"{"format": "maxai-expectations", "version": 1, "columns": [ {"name": "x", "type": "u8", "maximum": 2e1}, {"name": "y", "type": "f16"} ]}"#
                    .utf8),
        ]
    }

    private static func models(suffix: String, under limit: Int, in folder: CaseFolder = .zoo) throws(MaxError) -> [[UInt8]] {
        var found: [[UInt8]] = []
        for name in folder.names() {
            guard let bytes = try? FileBytes(path: "\(folder.path)/\(name)/model\(suffix)").array else { continue }
            if bytes.count <= limit { found.append(bytes) }
        }
        guard !found.isEmpty else { throw MaxError(.notFound, "\(folder.path): no model of \(suffix): run make cases") }
        return found
    }

    /// A small model of every operator that is held here.
    private static func conformance() throws(MaxError) -> [[UInt8]] {
        try models(suffix: ".onnx", under: 2000, in: .conformance).filter { bytes in
            guard let graph = try? ONNX.read(bytes, name: "m") else { return false }
            return (try? Exercise.compile(graph)) != nil
        }
    }

    private static func bundles() throws(MaxError) -> [[UInt8]] {
        var found: [[UInt8]] = []
        for source in try models(suffix: ".onnx", under: 3000) + models(suffix: ".json", under: 12_000) {
            guard let graph = try? (ModelFormat.detect(source) ?? .onnx).read(source, name: "model"),
                let model = try? Model(graph: graph, info: ModelInfo(name: "model"))
            else { continue }
            var content = BundleContent(
                info: ModelInfo(name: "model", version: "2"), producer: "mutations", graph: graph,
                provenance: Array(String(repeating: "{\"a\":[1,2]}", count: 40).utf8))
            let inputs = Exercise.inputs(of: model.schema, rows: 3)
            if let outputs = try? model.predict(inputs) { content.golden = GoldenRows(inputs: inputs, outputs: outputs) }
            if found.count % 2 == 0 { content.background = inputs }
            let bytes = try BundleWriter.bytes(of: content)
            found.append(bytes)
            if found.count % 4 == 0 { found.append(try ModelSignature.embed(in: try Bundle(bytes: bytes), with: try SignedText.key.get())) }
        }
        return found
    }

    private static func tables(_ compressions: [TableWriter.Compression], _ suffix: String, _ scratch: String) throws(MaxError) -> [[UInt8]]
    {
        var found: [[UInt8]] = []
        for compression in compressions {
            let path = "\(scratch)/seed-\(compression.rawValue).\(suffix)"
            var options = TableWriter.Options()
            options.compression = compression
            let writer = try TableWriter(
                path,
                columns: [
                    try OutputColumn("x", .f32), try OutputColumn("count", .i64), try OutputColumn("name", .string),
                    try OutputColumn("flag", .bool),
                    try OutputColumn("at", .timestamp),
                ], options: options)
            for rows in [40, 3] {
                let (x, count, at) = (
                    try ColumnBuffer(.f32, rows: rows), try ColumnBuffer(.i64, rows: rows), try ColumnBuffer(.timestamp, rows: rows)
                )
                for row in 0..<rows {
                    x.values.assumingMemoryBound(to: Float.self)[row] = Float(row) * 1.25 - 7
                    count.values.assumingMemoryBound(to: Int64.self)[row] = Int64(row * row)
                    at.values.assumingMemoryBound(to: Int64.self)[row] = Int64(row) * 86_400_000_000
                }
                let names = (0..<rows).map { $0 % 7 == 3 ? nil : Text(["", "JFK", "é", "a \"quoted\", text", "LGA"][$0 % 5]) }
                try writer.write(
                    rows: rows,
                    [
                        .made(x), .made(count), .made(try ColumnBuffer(texts: names)),
                        .made(ColumnBuffer(booleans: (0..<rows).map { $0 % 5 == 0 ? nil : $0 % 2 == 0 })), .made(at),
                    ])
            }
            try writer.finish()
            found.append(try FileBytes(path: path).array)
        }
        return found
    }

    private static func keys() throws(MaxError) -> [[UInt8]] {
        var found: [[UInt8]] = []
        for curve in Curve.allCases {
            let key = try PrivateKey.generate(curve)
            found += [Array(key.publicKey.pem.utf8), Array(key.pem().utf8), Array(key.pem(passphrase: Array("secret".utf8)).utf8)]
        }
        return found
    }
}

extension ModelSignature {
    fileprivate static func sign(_ content: [UInt8], with key: PrivateKey) throws(MaxError) -> [UInt8] {
        let file = FileBytes(content)
        return try file.withBytes { bytes throws(MaxError) in try sign(bytes, name: "model", with: key) }
    }
}
