import COpenSSL
import Glibc
import MaxFormats
import MaxIR

/// A program that signs, such as the command of a key service: it gets one line of JSON on its standard input,
///
///     {"algorithm":"ECDSA-SHA256","digest":HEX,"payload":BASE64}
///
/// with what is signed and its digest, and answers with the signature in DER as base64. The answer is checked before it is used.
public struct ExternalSigner: Signer {
    private let program: String
    public let publicKey: PublicKey
    private let seconds: Int

    private static let maximumAnswer = 4096

    /// - Parameters:
    ///   - program: a path; it is not looked for elsewhere, and no shell sees it.
    ///   - seconds: how long it may take.
    public init(program: String, publicKey: PublicKey, seconds: Int = 60) {
        self.program = program
        self.publicKey = publicKey
        self.seconds = seconds
    }

    /// - Throws: `.io` when the program does not run, fails, or takes too long; `.malformed` for another answer;
    ///   `.signatureInvalid` when the answer is no signature by the key.
    public func sign(_ message: [UInt8]) throws(MaxError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 64)
        var count: UInt32 = 0
        guard EVP_Digest(message, message.count, &digest, &count, publicKey.curve.digest, nil) == 1 else {
            throw MaxError(.internal, "openssl: cannot hash")
        }
        var json = JSONWriter()
        json.object {
            $0.member("algorithm", "ECDSA-SHA\(count * 8)")
            $0.member("digest", Array(digest.prefix(Int(count))).hex)
            $0.member("payload", Base64.encode(message))
        }
        var answer = try run(json.bytes + [10])
        while let last = answer.last, [9, 10, 13, 32].contains(last) { answer.removeLast() }
        guard !answer.isEmpty, let signature = Base64.decode(answer) else {
            throw MaxError(.malformed, "\(program): answered something else than a signature in base64")
        }
        guard publicKey.verifies(signature, of: message) else {
            throw MaxError(.signatureInvalid, "\(program): its signature does not verify with the public key")
        }
        return signature
    }

    private func run(_ input: [UInt8]) throws(MaxError) -> [UInt8] {
        // Sockets: writing to one that is closed gives an error, and no signal.
        var (sockets, answers): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &sockets) == 0, socketpair(AF_UNIX, kind, 0, &answers) == 0 else {
            throw MaxError(.io, "\(program): no socket: \(String(cString: strerror(errno)))")
        }
        var inputOpen = true
        defer {
            if inputOpen { close(sockets[0]) }
            close(answers[0])
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, sockets[1], 0)
        posix_spawn_file_actions_adddup2(&actions, answers[1], 1)
        var child: pid_t = 0
        let name = strdup(program)
        defer { free(name) }
        var arguments: [UnsafeMutablePointer<CChar>?] = [name, nil]
        let environment = dlsym(nil, "environ")?.assumingMemoryBound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?.self).pointee
        let status = posix_spawn(&child, program, &actions, nil, &arguments, environment)
        close(sockets[1])
        close(answers[1])
        guard status == 0 else { throw MaxError(.io, "cannot run \(program): \(String(cString: strerror(status)))") }
        var ended = false
        defer {
            if !ended {
                kill(child, SIGKILL)
                waitpid(child, nil, 0)
            }
        }
        let deadline = Self.now() + seconds * 1000
        var (sent, answer) = (0, [UInt8]())
        var buffer = [UInt8](repeating: 0, count: Self.maximumAnswer)
        reading: while true {
            var waits = [pollfd(fd: answers[0], events: Int16(POLLIN), revents: 0)]
            if inputOpen { waits.append(pollfd(fd: sockets[0], events: Int16(POLLOUT), revents: 0)) }
            try wait(&waits, deadline)
            if inputOpen, waits[1].revents != 0 {
                let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
                let count = input.withUnsafeBytes { send(sockets[0], $0.baseAddress.map { $0 + sent }, input.count - sent, flags) }
                if count > 0 { sent += count }
                if sent == input.count || (count < 0 && errno != EAGAIN && errno != EINTR) {
                    close(sockets[0])
                    inputOpen = false
                }
            }
            if waits[0].revents != 0 {
                let count = read(answers[0], &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break reading }
                answer += buffer.prefix(count)
                guard answer.count <= Self.maximumAnswer else { throw MaxError(.limitExceeded, "\(program): answered too much") }
            }
        }
        var exit: Int32 = 0
        while waitpid(child, &exit, WNOHANG) == 0 {
            var nothing: [pollfd] = []
            guard Self.now() < deadline else { throw MaxError(.io, "\(program): did not end within \(seconds) s") }
            poll(&nothing, 0, 5)
        }
        ended = true
        guard exit == 0 else { throw MaxError(.io, "\(program): failed, status \(exit >> 8 & 0xff)") }
        return answer
    }

    private func wait(_ waits: inout [pollfd], _ deadline: Int) throws(MaxError) {
        while true {
            let left = deadline - Self.now()
            guard left > 0 else { throw MaxError(.io, "\(program): no answer within \(seconds) s") }
            let count = poll(&waits, nfds_t(waits.count), Int32(min(left, 60_000)))
            if count > 0 { return }
            guard count == 0 || errno == EINTR else { throw MaxError(.io, "\(program): \(String(cString: strerror(errno)))") }
        }
    }

    /// Milliseconds of a clock that nobody sets.
    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}
