// SPDX-License-Identifier: Apache-2.0

package import Commands
import Subprocess
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

extension SystemCommandRunner: ConversationStarter {
  package func converse(_ command: Command) throws(CommandError) -> any Conversation {
    // The input has ended by then: what has not left within its time is stopped or stuck.
    let configuration = try configuration(
      of: command,
      teardown: [
        .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)
      ])
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw CommandError(.failedToStart, command: command, reason: "no socket pair: \(Errno(rawValue: errno))")
    }
    let input = FileDescriptor(rawValue: ends[1])
    // One for each of its streams, as each is closed after the start.
    let output = FileDescriptor(rawValue: fcntl(ends[1], F_DUPFD_CLOEXEC, 0))
    guard output.rawValue >= 0 else {
      let reason = "no descriptor for its output: \(Errno(rawValue: errno))"
      try? input.close()
      close(ends[0])
      throw CommandError(.failedToStart, command: command, reason: reason)
    }
    let conversation = ChildConversation(descriptor: ends[0], limit: command.outputLimit, grace: command.deadline)
    conversation.attach {
      _ = try? await Subprocess.run(
        configuration, input: .fileDescriptor(input, closeAfterSpawningProcess: true),
        output: .fileDescriptor(output, closeAfterSpawningProcess: true), error: .discarded)
    }
    return conversation
  }
}
