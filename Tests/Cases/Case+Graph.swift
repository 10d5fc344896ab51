import MaxIR
import MaxImport
import MaxRuntime

extension Case {
    /// The model as its importer reads it, whatever its format.
    public func graph(name: String) throws -> Graph {
        if kind == "maxir" { return try Bundle(bytes: model).graph() }
        guard let format = ModelFormat(rawValue: kind) else { throw MaxError(.unsupported, "a case of kind \(kind)") }
        return try format.read(model, name: Text(name))
    }
}
