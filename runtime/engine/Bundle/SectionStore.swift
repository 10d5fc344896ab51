import MaxIR
import Synchronization

/// The sections of a bundle: nothing of one is seen before its digest was compared.
final class SectionStore: Sendable {
    let file: FileBytes
    let records: [SectionRecord]
    /// The positions of those whose digest was compared.
    private let checked = Mutex(Set<Int>())

    init(_ file: FileBytes, _ records: [SectionRecord]) {
        self.file = file
        self.records = records
    }

    /// The stored bytes of a section, read now where the file is read on demand; valid as long as the store.
    ///
    /// - Throws: `.contentMismatch` when the digest differs, `.malformed` for a byte in the padding before it, `.io`.
    func stored(_ index: Int) throws(MaxError) -> UnsafeRawBufferPointer {
        let record = records[index]
        let section = UnsafeRawBufferPointer(rebasing: file.bytes[Int(record.offset)..<Int(record.offset + record.storedBytes)])
        let outcome: Result<Void, MaxError> = checked.withLock { checked in
            guard !checked.contains(index) else { return .success(()) }
            do throws(MaxError) { try check(index, section) } catch { return .failure(error) }
            checked.insert(index)
            return .success(())
        }
        try outcome.get()
        return section
    }

    private func check(_ index: Int, _ section: UnsafeRawBufferPointer) throws(MaxError) {
        let record = records[index]
        let start = Int(record.offset)
        let before = index == 0 ? BundleLayout.sectionAlignment : Int(records[index - 1].offset + records[index - 1].storedBytes)
        try file.load(before..<start)
        try requireZero(file.bytes, before..<start, "bundle: before \(record.name)")
        // Each piece is read by the thread that hashes it.
        let digest = try SHA256.tree(section) { [file] piece throws(MaxError) in
            try file.load(start + piece.lowerBound..<start + piece.upperBound)
        }
        guard digest == record.digest else {
            throw MaxError(.contentMismatch, "bundle: \(record.name) has digest \(digest.hex), the table says \(record.digest.hex)")
        }
    }

    func first(_ kind: BundleLayout.Kind) -> Int? { records.firstIndex { $0.knownKind == kind } }
}
