import CZstd
import MaxIR

/// Sections as one zstd frame of declared size.
enum Compression {
    /// The compressed bytes, or nil when that is no gain, or so large a one that a reader must take it for a bomb.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 256 else { return nil }
        var out = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
        let size = ZSTD_compress(&out, out.count, bytes, bytes.count, 9)
        guard ZSTD_isError(size) == 0, size < bytes.count,
            UInt64(bytes.count) <= UInt64(size) * BundleLayout.maximumCompressionRatio
        else { return nil }
        return Array(out.prefix(size))
    }

    /// - Throws: `.malformed` unless `bytes` is exactly one frame that declares and holds `rawBytes` bytes and
    ///   needs no dictionary; `.limitExceeded` for an implausible ratio or a window above 8 MiB.
    static func decompress(_ bytes: UnsafeRawBufferPointer, rawBytes: Int, name: String) throws(MaxError) -> [UInt8] {
        guard UInt64(rawBytes) <= BundleLayout.maximumParsedBytes * 16,
            UInt64(rawBytes) <= UInt64(bytes.count) * BundleLayout.maximumCompressionRatio
        else {
            throw MaxError(.limitExceeded, "\(name): \(bytes.count) compressed bytes declare \(rawBytes)")
        }
        let declared = ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count)
        guard declared == UInt64(rawBytes) else {
            throw MaxError(.malformed, "\(name): the zstd frame does not declare the \(rawBytes) bytes of its record")
        }
        guard ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count) == bytes.count else {
            throw MaxError(.malformed, "\(name): \(bytes.count) bytes are not exactly one zstd frame")
        }
        try checkHead(bytes, rawBytes, name)
        guard let context = ZSTD_createDCtx() else { throw MaxError(.internal, "zstd: no memory") }
        defer { ZSTD_freeDCtx(context) }
        var out = [UInt8](repeating: 0, count: rawBytes)
        let size = ZSTD_decompressDCtx(context, &out, rawBytes, bytes.baseAddress, bytes.count)
        guard ZSTD_isError(size) == 0, size == rawBytes else {
            throw MaxError(.malformed, "\(name): the zstd frame is damaged")
        }
        return out
    }

    /// Refuses a dictionary and a window above `maximumWindowBytes`; decompressing in one go asks for neither.
    /// Source: RFC 8878, 3.1.1.1. The frame is known to be whole.
    private static func checkHead(_ bytes: UnsafeRawBufferPointer, _ rawBytes: Int, _ name: String) throws(MaxError) {
        guard bytes.count >= 6 else { throw MaxError(.malformed, "\(name): the zstd frame is damaged") }
        let descriptor = bytes[4]
        guard descriptor & 3 == 0 else { throw MaxError(.malformed, "\(name): the zstd frame needs a dictionary") }
        // A frame of one segment has no window of its own: it is the content.
        var window = UInt64(rawBytes)
        if descriptor & 0x20 == 0 {
            let base = UInt64(1) << UInt64(10 + bytes[5] >> 3)
            window = base + base / 8 * UInt64(bytes[5] & 7)
        }
        guard window <= BundleLayout.maximumWindowBytes else {
            throw MaxError(
                .limitExceeded, "\(name): the zstd frame has a window of \(window) bytes, at most \(BundleLayout.maximumWindowBytes)")
        }
    }
}
