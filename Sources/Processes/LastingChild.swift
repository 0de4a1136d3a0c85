// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#endif

/// A child that may live for as long as we do: nothing wakes up while it lives.
///
/// Not by swift-subprocess, which wakes up every second for each child that it waits for.
struct LastingChild: Sendable {
  let executable: String
  let arguments: [String]
  let environment: [String: String]
  let directory: String?

  /// Runs the child, with `descriptor` as its input and output and nothing else of ours, in a session of its
  /// own. Takes the descriptor over. Returns when the child has ended and is reaped; where it cannot be
  /// started, at once. Where the calling task is cancelled the child's process group is killed.
  @concurrent func run(on descriptor: Int32) async {
    let pid = start(on: descriptor)
    close(descriptor)
    guard let pid else { return }
    // Until it is reaped nobody else can have its pid.
    if let child = ProcessTable().identity(of: pid) {
      do {
        try await ProcessExit.wait(for: child)
      } catch {
        kill(-pid, SIGKILL)
        // Not this task's wait, which is over.
        await Task { try? await ProcessExit.wait(for: child) }.value
      }
    }
    // Also what it has started and left in its group.
    kill(-pid, SIGKILL)
    while waitpid(pid, nil, 0) < 0, errno == EINTR {}
  }

  /// The child's pid; `nil` where it cannot be started.
  private func start(on descriptor: Int32) -> Int32? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, descriptor, 0)
    posix_spawn_file_actions_adddup2(&actions, descriptor, 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    guard SystemCall.addClosing(from: 3, to: &actions) else { return nil }
    if let directory, !SystemCall.addChange(to: directory, to: &actions) { return nil }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    let setsSession: Int32 = 0x80  // POSIX_SPAWN_SETSID, of which glibc's module for Swift does not know.
    posix_spawnattr_setflags(&attributes, Int16(Int32(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | setsSession))

    var words = ([executable] + arguments).map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var pid: pid_t = 0
    return posix_spawn(&pid, executable, &actions, &attributes, &words, &variables) == 0 ? pid : nil
  }
}
