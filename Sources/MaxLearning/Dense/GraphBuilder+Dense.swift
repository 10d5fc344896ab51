import MaxIR

extension GraphBuilder {
    func isF64(_ value: ValueID) -> Bool { type(of: value).tensor?.element == .f64 }

    /// `value` in f64.
    mutating func wide(_ value: ValueID) throws(MaxError) -> ValueID {
        isF64(value) ? value : try apply("cast", [value], ["to": .type(.f64)])
    }

    mutating func scalar(_ value: Double) throws(MaxError) -> ValueID { try constant(Tensor(scalar: value)) }

    mutating func vector(_ values: [Double]) throws(MaxError) -> ValueID { try constant(Tensor(values)) }

    mutating func matrix(_ values: [Double], _ rows: Int, _ columns: Int) throws(MaxError) -> ValueID {
        try constant(Tensor(values, shape: [rows, columns]))
    }

    mutating func axes(_ axis: Int) throws(MaxError) -> ValueID { try constant(Tensor([Int64(axis)])) }

    /// x · B + c, with B `[width of x, outputs]`, row by row.
    mutating func affine(_ x: ValueID, _ b: [Double], _ c: [Double]) throws(MaxError) -> ValueID {
        let product = try apply("matmul", [x, try matrix(b, c.isEmpty ? 0 : b.count / c.count, c.count)])
        return try apply("add", [product, try vector(c)])
    }
}
