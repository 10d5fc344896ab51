import Glibc
import MaxIR
import MaxRuntime

/// A file of NumPy's format 1 or 2 with `<f4` or `<f8` elements of one or two extents.
/// Source: NumPy enhancement proposal 1.
struct NumPyArray {
    let shape: [Int]
    let isFloat32: Bool
    let isColumnMajor: Bool
    private let bytes: [UInt8]
    private let start: Int

    init(path: String) throws(MaxError) {
        let bytes = try FileBytes(path: path, limit: 32 << 30).array
        guard bytes.count > 12, bytes[0] == 0x93, bytes[1..<6].elementsEqual("NUMPY".utf8) else {
            throw MaxError(.malformed, "\(path): no .npy file")
        }
        let isLong = bytes[6] >= 2
        let length = isLong ? (0..<4).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) } : Int(bytes[8]) | Int(bytes[9]) << 8
        let start = (isLong ? 12 : 10) + length
        guard start <= bytes.count else { throw MaxError(.malformed, "\(path): the header is cut off") }
        let header = String(decoding: bytes[(isLong ? 12 : 10)..<start], as: UTF8.self)
        guard header.contains("'<f4'") || header.contains("'<f8'") else {
            throw MaxError(.unsupported, "\(path): header \(header), expected elements <f4 or <f8")
        }
        isFloat32 = header.contains("'<f4'")
        isColumnMajor = header.contains("'fortran_order': True")
        guard let open = header.firstIndex(of: "("), let close = header.firstIndex(of: ")") else {
            throw MaxError(.malformed, "\(path): the header has no shape")
        }
        shape = header[header.index(after: open)..<close].split(separator: ",").compactMap { word in Int(word.filter { $0 != " " }) }
        self.bytes = bytes
        self.start = start
        let count = try elementCount(of: shape)
        guard bytes.count - start == count * (isFloat32 ? 4 : 8) else {
            throw MaxError(.malformed, "\(path): \(bytes.count - start) bytes for shape \(shape)")
        }
    }

    func value(_ index: Int) -> Double {
        bytes.withUnsafeBytes {
            isFloat32
                ? Double($0.loadUnaligned(fromByteOffset: start + index * 4, as: Float.self))
                : $0.loadUnaligned(fromByteOffset: start + index * 8, as: Double.self)
        }
    }

    var values: [Double] { (0..<shape.reduce(1, *)).map(value) }

    /// Element `(row, column)` of a matrix.
    func position(_ row: Int, _ column: Int) -> Int { isColumnMajor ? column * shape[0] + row : row * shape[1] + column }

    /// Writes `values` of `shape` as `<f8`, row by row.
    static func write(_ values: [Double], shape: [Int], to path: String) throws(MaxError) {
        let extents = shape.map { "\($0)," }.joined(separator: " ")
        var header = "{'descr': '<f8', 'fortran_order': False, 'shape': (\(extents)), }"
        while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
        header += "\n"
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count & 0xff), UInt8(header.utf8.count >> 8)]
        bytes += Array(header.utf8)
        values.withUnsafeBytes { bytes += Array($0) }
        try AtomicFile.write(bytes, to: path)
    }
}
