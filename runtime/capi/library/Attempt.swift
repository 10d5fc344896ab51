import CMaxAI
import MaxIR

/// Runs `body`, and turns what it throws into a code and this thread's message.
@inline(__always)
func attempt(_ body: () throws(MaxError) -> Void) -> Int32 {
    do {
        try body()
        return Int32(MAXAI_OK)
    } catch {
        return fail(error)
    }
}

@inline(never)
func fail(_ error: MaxError) -> Int32 {
    var text = error.message
    text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { maxai_abi_fail($0.baseAddress, $0.count) }
    }
    return error.code.rawValue
}

/// The argument, which must not be NULL.
@inline(__always)
func given<Pointer>(_ argument: Pointer?, _ name: StaticString) throws(MaxError) -> Pointer {
    guard let argument else { throw missing(name) }
    return argument
}

@inline(never)
private func missing(_ name: StaticString) -> MaxError { MaxError(.usage, "\(name) is NULL") }

/// Adds a reference that C holds until it frees the handle.
func handle(_ object: AnyObject) -> OpaquePointer { OpaquePointer(Unmanaged.passRetained(object).toOpaque()) }

/// The object behind a handle that C gave back, without counting references.
@inline(__always)
func with<Object: AnyObject>(
    _ handle: OpaquePointer?, _ name: StaticString, _: Object.Type, _ body: (Object) throws(MaxError) -> Void
) -> Int32 {
    guard let handle else { return fail(missing(name)) }
    return Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle))._withUnsafeGuaranteedRef { object in
        attempt { () throws(MaxError) in try body(object) }
    }
}

func release<Object: AnyObject>(_ handle: OpaquePointer?, _: Object.Type) {
    guard let handle else { return }
    Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).release()
}
