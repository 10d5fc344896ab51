import Glibc
import MaxCases
import MaxExpectations
import MaxIR
import MaxImport
import MaxRegistry
import MaxRuntime
import MaxServing
import MaxTabular
import MaxTransport

/// Reads one input by the path that the commands take, and uses what was read.
final class InputReader {
    private let kind: InputKind
    private let scratch: ScratchFolder
    private let worker: Worker?
    /// Sums what is touched, so that reading it is not optimized away.
    private(set) var touched: UInt64 = 0

    init(_ kind: InputKind, scratch: ScratchFolder) throws(MaxError) {
        self.kind = kind
        self.scratch = scratch
        worker = kind == .requestJSON || kind == .requestBinary ? Worker(try ServedSum.service()) : nil
    }

    /// - Throws: what the reader of this kind throws; for requests, the code that the status stands for.
    func read(_ bytes: [UInt8]) throws(MaxError) {
        switch kind {
        case .onnx: try Exercise.compile(try ONNX.read(bytes, name: "m"))
        case .xgboostJSON, .xgboostUBJSON: try Exercise.compile(try XGBoost.read(bytes, name: "m"))
        case .lightgbm: try Exercise.compile(try LightGBM.read(bytes, name: "m"))
        case .catboost: try Exercise.compile(try CatBoost.read(bytes, name: "m"))
        case .bundle:
            let bundle = try Bundle(bytes: bytes)
            try Exercise.score(try Model.load(bundle))
            for section in [BundleLayout.Kind.provenance, .signatures] { _ = try bundle.section(section) }
            _ = try bundle.contentImage()
        case .parquet: try table(bytes, .parquet)
        case .csv: try table(bytes, .csv)
        case .arrow: try table(bytes, .arrow)
        case .ndjson: try table(bytes, .ndjson)
        case .key:
            let text = String(decoding: bytes, as: UTF8.self)
            if text.contains("PRIVATE") {
                let key = try PrivateKey(pem: bytes, passphrase: Array("secret".utf8), place: "key")
                touched &+= UInt64(key.pem().utf8.count)
            } else {
                let key = try PublicKey(pem: bytes, place: "key")
                touched &+= key.verifies([0x30, 6, 2, 1, 1, 2, 1, 1], of: bytes) ? 1 : 0
            }
        case .signature:
            let trust = TrustStore([try SignedText.key.get().publicKey])
            _ = try FileBytes(SignedText.content).withBytes { content throws(MaxError) in
                try ModelSignature.verify(content, fileName: "model", signature: bytes, trust: trust)
            }
        case .requestJSON, .requestBinary: try request(bytes)
        case .expectations: try expectations(bytes)
        case .registryAnswer: try registryAnswer(bytes)
        }
    }

    /// Text is whatever it is sent as: what is no manifest and no reference is read as a header, an address and a list too.
    private func registryAnswer(_ bytes: [UInt8]) throws(MaxError) {
        let text = String(decoding: bytes, as: UTF8.self)
        for challenge in Challenge.list(text) { touched &+= UInt64(challenge.parameters.count) }
        touched &+= UInt64(OCIRegistry.nextLink(text)?.utf8.count ?? 0)
        for key in XMLValues.all("Key", in: bytes) { touched &+= UInt64(key.utf8.count) }
        if let address = try? WebAddress("https://registry.example/a/b").resolving(text) {
            guard try WebAddress(address.text) == address else { throw MaxError(.internal, "address: read again it is another") }
        }
        if let reference = try? OCIReference(text), try OCIReference(reference.text) != reference {
            throw MaxError(.internal, "reference: read again it is another")
        }
        if bytes.first != UInt8(ascii: "{") { return }
        if text.utf8.starts(with: #"{"schema""#.utf8) {
            let reference = try S3Reference(bytes)
            guard try S3Reference(reference.bytes) == reference else {
                throw MaxError(.internal, "reference: written and read it is another")
            }
        } else {
            touched &+= UInt64(try ImageManifest(bytes).blobs.count)
        }
    }

    private func table(_ bytes: [UInt8], _ format: TableFormat) throws(MaxError) {
        let path = "\(scratch.path)/case.\(format.rawValue)"
        guard let file = fopen(path, "w") else { throw MaxError(.internal, "cannot write \(path)") }
        let written = fwrite(bytes, 1, bytes.count, file)
        fclose(file)
        guard written == bytes.count else { throw MaxError(.internal, "cannot write \(path)") }
        var options = TableReader.Options()
        options.batchRows = 1000
        options.readAhead = false
        let reader = try TableReader.open(path, options: options)
        var rows = 0
        while let batch = try reader.next(), rows < 100_000 {
            rows += batch.rows
            for column in batch.columns { for row in 0..<batch.rows where column.isValid(row) { touch(column, row) } }
        }
    }

    private func touch(_ column: RecordBatch.Column, _ row: Int) {
        if column.element == .string {
            for byte in column.text(row) { touched &+= UInt64(byte) }
        } else if column.element == .bool {
            touched &+= UInt64(column.values.load(fromByteOffset: (column.bitOffset + row) >> 3, as: UInt8.self))
        } else {
            let width = column.element.byteCount ?? 1
            for index in 0..<width { touched &+= UInt64(column.values.load(fromByteOffset: row * width + index, as: UInt8.self)) }
        }
    }

    /// Writes and reads again what was read, and holds odd rows of every type against it.
    private func expectations(_ bytes: [UInt8]) throws(MaxError) {
        let expectations = try Expectations(json: bytes)
        guard try Expectations(json: expectations.json) == expectations else {
            throw MaxError(.internal, "expectations: written and read again they are others")
        }
        let rules = try ExpectationRules(expectations, columns: expectations.columns.map(\.name))
        let check = ExpectationCheck(rules)
        for element in ElementType.allCases {
            let rows = 9
            var builder = GraphBuilder(name: "rows")
            let input = try builder.input("x", TensorType(element, [.rows]))
            builder.output("x", input)
            let schema = try Schema(of: try builder.finish())
            let source = ColumnSource(Exercise.inputs(of: schema, rows: rows), schema: schema)
            let views = Array(repeating: source.views(from: 0), count: rules.columnCount).flatMap { $0 }
            views.withUnsafeBufferPointer { if !check.check($0, rows: rows) { touched &+= UInt64(check.violatingRows.count) } }
            for violation in check.tableViolations() { touched &+= UInt64(violation.sentence.utf8.count) }
            touched &+= UInt64(check.firstViolation?.sentence.utf8.count ?? 0)
        }
    }

    private func request(_ bytes: [UInt8]) throws(MaxError) {
        guard let worker else { throw MaxError(.internal, "no server") }
        let head = bytes.prefix { $0 != 10 }
        let words = head.split(separator: 0x20, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
        let answer = bytes.withUnsafeBytes { raw in
            worker.answer(
                Request(
                    method: "POST", path: words.first ?? "", contentType: "application/json", jsonBytes: words.count > 1 ? words[1] : nil,
                    body: UnsafeRawBufferPointer(rebasing: raw[min(head.count + 1, raw.count)...])))
        }
        let text = String(decoding: answer.body.prefix(4096), as: UTF8.self)
        switch answer.status {
        case 200: return
        case 400, 404, 405, 415: throw MaxError(.malformed, text)
        case 413: throw MaxError(.limitExceeded, text)
        default: throw MaxError(.internal, "status \(answer.status): \(text)")
        }
    }
}
