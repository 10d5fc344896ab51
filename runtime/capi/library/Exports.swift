public import CMaxAI
import MaxIR
import MaxRuntime

// The functions of maxai.h, which documents them.

nonisolated(unsafe) private let version: UnsafePointer<CChar> = {
    let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: 16)
    bytes.initialize(repeating: 0, count: 16)
    for (index, byte) in libraryVersion.utf8.prefix(15).enumerated() { bytes[index] = CChar(bitPattern: byte) }
    return UnsafePointer(bytes)
}()

@c @implementation
public func maxai_version() -> UnsafePointer<CChar>? { version }

@c @implementation
public func maxai_last_error() -> UnsafePointer<CChar>? { maxai_abi_message() }

@c @implementation
public func maxai_load_file(_ path: UnsafePointer<CChar>?, _ model: UnsafeMutablePointer<OpaquePointer?>?) -> Int32 {
    attempt { () throws(MaxError) in
        let model = try given(model, "model")
        model.pointee = nil
        let path = String(cString: try given(path, "path"))
        let bundle = try Bundle(path: path, integrity: .onUse)
        do throws(MaxError) { model.pointee = handle(try LoadedModel(bundle)) } catch { throw error.inside(path) }
    }
}

@c @implementation
public func maxai_load_memory(_ bytes: UnsafeRawPointer?, _ size: Int, _ model: UnsafeMutablePointer<OpaquePointer?>?) -> Int32 {
    attempt { () throws(MaxError) in
        let model = try given(model, "model")
        model.pointee = nil
        let bytes = try given(bytes, "bytes")
        guard size >= 0, size <= 1 << 40 else { throw MaxError(.limitExceeded, "\(UInt(bitPattern: size)) bytes, at most \(1 << 40)") }
        model.pointee = handle(try LoadedModel(try Bundle(bytes: Array(UnsafeRawBufferPointer(start: bytes, count: size)))))
    }
}

@c @implementation
public func maxai_model_free(_ model: OpaquePointer?) { release(model, LoadedModel.self) }

@c @implementation
public func maxai_model_describe(_ model: OpaquePointer?, _ info: UnsafeMutablePointer<maxai_model_info>?) -> Int32 {
    with(model, "model", LoadedModel.self) { loaded throws(MaxError) in try given(info, "info").pointee = loaded.info }
}

@c @implementation
public func maxai_model_column(_ model: OpaquePointer?, _ column: Int, _ info: UnsafeMutablePointer<maxai_column_info>?) -> Int32 {
    with(model, "model", LoadedModel.self) { loaded throws(MaxError) in
        try given(info, "info").pointee = try element(loaded.columns, column, "column")
    }
}

@c @implementation
public func maxai_model_output(_ model: OpaquePointer?, _ output: Int, _ info: UnsafeMutablePointer<maxai_output_info>?) -> Int32 {
    with(model, "model", LoadedModel.self) { loaded throws(MaxError) in
        try given(info, "info").pointee = try element(loaded.outputs, output, "output")
    }
}

@c @implementation
public func maxai_model_output_label(
    _ model: OpaquePointer?, _ output: Int, _ position: Int, _ label: UnsafeMutablePointer<maxai_string>?
) -> Int32 {
    with(model, "model", LoadedModel.self) { loaded throws(MaxError) in
        try given(label, "label").pointee = try element(try element(loaded.labels, output, "output"), position, "label")
    }
}

private func element<T>(_ list: [T], _ index: Int, _ what: String) throws(MaxError) -> T {
    guard list.indices.contains(index) else {
        throw MaxError(.usage, "\(what) \(UInt(bitPattern: index)), expected less than \(list.count)")
    }
    return list[index]
}

@c @implementation
public func maxai_context_new(
    _ model: OpaquePointer?, _ maximumRows: Int, _ threads: Int, _ context: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
    with(model, "model", LoadedModel.self) { loaded throws(MaxError) in
        let context = try given(context, "context")
        context.pointee = nil
        context.pointee = handle(try Scorer(loaded.model, maximumRows: maximumRows, threads: threads))
    }
}

@c @implementation
public func maxai_context_free(_ context: OpaquePointer?) { release(context, Scorer.self) }

@c @implementation
public func maxai_predict(_ context: OpaquePointer?, _ columns: UnsafePointer<maxai_column>?, _ count: Int, _ rows: Int) -> Int32 {
    with(context, "context", Scorer.self) { scorer throws(MaxError) in try scorer.predict(columns, count: count, rows: rows) }
}

@c @implementation
public func maxai_predict_f32(
    _ context: OpaquePointer?, _ values: UnsafePointer<Float>?, _ columns: Int, _ rows: Int, _ rowStride: Int
) -> Int32 {
    with(context, "context", Scorer.self) { scorer throws(MaxError) in
        try scorer.predict(.f32, width: 4, values.map { UnsafeRawPointer($0) }, columns: columns, rows: rows, rowStride: rowStride)
    }
}

@c @implementation
public func maxai_predict_f64(
    _ context: OpaquePointer?, _ values: UnsafePointer<Double>?, _ columns: Int, _ rows: Int, _ rowStride: Int
) -> Int32 {
    with(context, "context", Scorer.self) { scorer throws(MaxError) in
        try scorer.predict(.f64, width: 8, values.map { UnsafeRawPointer($0) }, columns: columns, rows: rows, rowStride: rowStride)
    }
}

@c @implementation
public func maxai_output(
    _ context: OpaquePointer?, _ output: Int, _ values: UnsafeMutablePointer<UnsafeRawPointer?>?, _ count: UnsafeMutablePointer<Int>?
) -> Int32 {
    with(context, "context", Scorer.self) { scorer throws(MaxError) in
        let (values, count) = (try given(values, "values"), try given(count, "count"))
        let found = try scorer.output(output)
        values.pointee = found.0
        count.pointee = found.count
    }
}

@c @implementation
public func maxai_predict_arrow(_ context: OpaquePointer?, _ array: UnsafePointer<ArrowArray>?, _ schema: UnsafePointer<ArrowSchema>?)
    -> Int32
{
    with(context, "context", Scorer.self) { scorer throws(MaxError) in
        let batch = try ArrowBatch(try given(array, "array").pointee, try given(schema, "schema").pointee, scorer.maximumRows)
        try scorer.predict(checked: try batch.views(for: scorer.model.schema), rows: batch.rows)
    }
}

@c @implementation
public func maxai_output_arrow(
    _ context: OpaquePointer?, _ array: UnsafeMutablePointer<ArrowArray>?, _ schema: UnsafeMutablePointer<ArrowSchema>?
) -> Int32 {
    with(context, "context", Scorer.self) { scorer throws(MaxError) in
        let (array, schema) = (try given(array, "array"), try given(schema, "schema"))
        let results = try ArrowResults(scorer)
        array.pointee = results.array()
        schema.pointee = results.schema()
    }
}
