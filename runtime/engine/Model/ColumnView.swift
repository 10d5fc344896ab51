import Glibc
import MaxIR

/// One column of a batch as its owner has it in memory: nothing is copied, and it is only read during the call.
///
/// Covers an Arrow array, a column of a packed row-major tensor and a plain buffer alike.
public struct ColumnView {
    /// What the values are; need not be what the model declares (see `Ingest`).
    public var element: ElementType
    /// Numbers and timestamps: the first value. Booleans: the first byte, or the bitmap when `isBitmap`.
    /// Strings: the first byte of the text data.
    public var values: UnsafeRawPointer
    /// Bytes from one value to the next. Not used for strings and bitmaps.
    public var strideBytes: Int
    /// Strings: where each text starts and ends in `values`: `rows + 1` offsets, already moved to the first row.
    public var offsets: Offsets?
    /// Bit `validityOffset + i` is 1 when row i has a value; nil when all have.
    public var validity: UnsafePointer<UInt8>?
    public var validityOffset: Int
    /// Booleans as Arrow has them: bit `bitOffset + i` is row i.
    public var isBitmap: Bool
    public var bitOffset: Int

    public enum Offsets {
        case narrow(UnsafePointer<Int32>)
        case wide(UnsafePointer<Int64>)

        @inlinable public func range(_ row: Int) -> Range<Int> {
            switch self {
            case .narrow(let p): Int(p[row])..<Int(p[row + 1])
            case .wide(let p): Int(p[row])..<Int(p[row + 1])
            }
        }
    }

    public init(
        _ element: ElementType, _ values: UnsafeRawPointer, strideBytes: Int, offsets: Offsets? = nil,
        validity: UnsafePointer<UInt8>? = nil, validityOffset: Int = 0, isBitmap: Bool = false, bitOffset: Int = 0
    ) {
        self.element = element
        self.values = values
        self.strideBytes = strideBytes
        self.offsets = offsets
        self.validity = validity
        self.validityOffset = validityOffset
        self.isBitmap = isBitmap
        self.bitOffset = bitOffset
    }

    @inlinable public func isValid(_ row: Int) -> Bool {
        guard let validity else { return true }
        let bit = validityOffset + row
        return validity[bit >> 3] & (1 << (bit & 7)) != 0
    }

    /// The same column from row `first` on.
    public func dropping(_ first: Int) -> ColumnView {
        var view = self
        view.validityOffset += first
        if let offsets {
            switch offsets {
            case .narrow(let p): view.offsets = .narrow(p + first)
            case .wide(let p): view.offsets = .wide(p + first)
            }
        } else if isBitmap {
            view.bitOffset += first
        } else {
            view.values = values + first * strideBytes
        }
        return view
    }
}

/// A text that lives elsewhere: in an input column, in the model's constants or in the context's arena.
public struct StringView: BitwiseCopyable, Equatable {
    public var start: UnsafePointer<UInt8>?
    public var count: Int

    @inlinable public init(start: UnsafePointer<UInt8>?, count: Int) {
        self.start = start
        self.count = count
    }

    @inlinable public var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }
    public var text: Text { Text(utf8: Array(bytes)) }

    /// Whether the bytes are equal.
    @inlinable public static func == (a: StringView, b: StringView) -> Bool {
        guard a.count == b.count else { return false }
        guard a.count > 0, let x = a.start, let y = b.start else { return true }
        return memcmp(x, y, a.count) == 0
    }
}
