// SPDX-License-Identifier: Apache-2.0

package import Commands
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

extension SystemCommandRunner: ConversationStarter {
  package func converse(_ command: Command) throws(CommandError) -> any Conversation {
    let environment = command.environment ?? inherited
    let child = LastingChild(
      executable: try executable(of: command, path: environment["PATH"]), arguments: command.arguments,
      environment: environment, directory: command.workingDirectory)
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw CommandError(.failedToStart, command: command, reason: "no socket pair: \(Errno(rawValue: errno))")
    }
    let conversation = ChildConversation(descriptor: ends[0], limit: command.outputLimit, grace: command.deadline)
    conversation.attach { [theirs = ends[1]] in await child.run(on: theirs) }
    return conversation
  }
}
