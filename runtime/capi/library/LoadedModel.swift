import CMaxAI
import MaxIR
import MaxRuntime

/// A model behind a `maxai_model`, and the texts that it hands out.
final class LoadedModel {
    let model: Model
    let info: maxai_model_info
    let columns: [maxai_column_info]
    let outputs: [maxai_output_info]
    let labels: [[maxai_string]]
    private var texts: [UnsafeMutableRawPointer] = []

    init(_ bundle: Bundle) throws(MaxError) {
        let model = try Model.load(bundle)
        var texts: [UnsafeMutableRawPointer] = []
        func keep(_ bytes: some Collection<UInt8>) -> maxai_string {
            let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count + 1)
            _ = memory.initialize(from: bytes)
            memory[bytes.count] = 0
            guard let start = memory.baseAddress else { return maxai_string() }
            texts.append(UnsafeMutableRawPointer(start))
            return maxai_string(data: UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), size: bytes.count)
        }
        let schema = model.schema
        info = maxai_model_info(
            name: keep(model.info.name.utf8), version: keep(model.info.version.utf8), digest: keep(model.info.digest.utf8),
            source: keep(model.info.source.utf8), kernels: keep(model.plan.summary.utf8), columns: schema.columns.count,
            outputs: schema.outputs.count)
        columns = schema.columns.map { column in
            var info = maxai_column_info()
            info.name = keep(column.name.utf8)
            info.type = Int32(column.element.code)
            switch column.missing {
            case .nan: info.missing = Int32(MAXAI_MISSING_NAN)
            case .value(let value):
                info.missing = Int32(MAXAI_MISSING_VALUE)
                switch value {
                case .float(let number): info.missing_number = number
                case .int(let number): info.missing_number = Double(number)
                case .string(let text): info.missing_text = keep(text.utf8)
                default: info.missing = Int32(MAXAI_MISSING_REFUSED)
                }
            default: info.missing = Int32(MAXAI_MISSING_REFUSED)
            }
            return info
        }
        outputs = schema.outputs.map {
            maxai_output_info(name: keep($0.name.utf8), type: Int32($0.element.code), width: $0.width, labels: $0.labels.count)
        }
        labels = schema.outputs.map { $0.labels.map { keep($0.utf8) } }
        self.model = model
        self.texts = texts
    }

    deinit { for text in texts { text.deallocate() } }
}
