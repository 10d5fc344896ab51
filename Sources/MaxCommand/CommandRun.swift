import ArgumentParser
import Glibc
import MaxIR

/// Runs a command: an error is one line on standard error and its code the exit status; wrong usage exits with 2.
public func runCommand<Command: ParsableCommand>(_: Command.Type) -> Never {
    do {
        var command = try Command.parseAsRoot()
        try command.run()
        exit(0)
    } catch let error as MaxError {
        printError(error)
        exit(error.code.rawValue)
    } catch {
        let status = Command.exitCode(for: error)
        let message = Command.fullMessage(for: error)
        if status.isSuccess {
            if !message.isEmpty { print(message) }
            exit(0)
        }
        writeLine(message)
        exit(status == .validationFailure ? MaxError.Code.usage.rawValue : status.rawValue)
    }
}

/// `error: what: where: found, expected: what to do`, with control characters made visible: messages quote names
/// from files, and a terminal obeys escapes.
public func printError(_ error: MaxError) { writeLine("error: \(printable(error.message))") }

/// A remark that does not stop the work.
public func printWarning(_ message: String) { writeLine("warning: \(printable(message))") }

func printable(_ message: String) -> String {
    var out = ""
    for scalar in message.unicodeScalars {
        if scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) {
            out += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
            out.unicodeScalars.append(scalar)
        }
    }
    return out
}

private func writeLine(_ text: String) { writeError(text.hasSuffix("\n") ? text : text + "\n") }

private func writeError(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        bytes = bytes.dropFirst(count)
    }
}

/// Seconds on a clock that only goes forward.
public func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// A line that is rewritten while long work goes on; nothing unless standard error is a terminal.
public struct ProgressLine {
    private let isShown: Bool
    private var last = 0.0

    public init(quiet: Bool) { isShown = !quiet && isatty(STDERR_FILENO) == 1 }

    /// Shows `text`, at most ten times a second.
    public mutating func show(_ text: @autoclosure () -> String) {
        guard isShown, monotonicSeconds() - last > 0.1 else { return }
        last = monotonicSeconds()
        writeError("\r\u{1b}[K\(text())")
    }

    public func finish() { if isShown { writeError("\r\u{1b}[K") } }
}

/// One line on standard error about what the program is doing.
public func printNote(_ message: String) { writeLine(printable(message)) }

/// Text of several lines on standard error.
public func printText(_ text: String) { writeLine(text) }
