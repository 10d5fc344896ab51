import Glibc

/// Short work on all processors, as loading has it: threads for one call.
package enum Parallel {
    /// Processors that this machine has.
    package static let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    /// Runs `body` for every member at once, the last on the calling thread; a member whose thread cannot be had runs there too.
    package static func run(members: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            var threads: [pthread_t] = []
            for member in 0..<members - 1 {
                let work = Unmanaged.passRetained(ThreadWork { body(member) })
                var thread = pthread_t()
                let status = pthread_create(
                    &thread, nil,
                    { argument in
                        argument.map { Unmanaged<ThreadWork>.fromOpaque($0).takeRetainedValue().body() }
                        return nil
                    }, work.toOpaque())
                if status == 0 { threads.append(thread) } else { work.takeRetainedValue().body() }
            }
            body(members - 1)
            for thread in threads { pthread_join(thread, nil) }
        }
    }
}

private final class ThreadWork {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
}
