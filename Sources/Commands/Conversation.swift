// SPDX-License-Identifier: Apache-2.0

/// A child that stays, and is spoken to: it reads what is sent as it is sent, and what it prints
/// comes as it is printed.
///
/// Whoever started one ends it, by ``end()``. A child that reads its input ends by itself when we do,
/// for that is the end of its input.
package protocol Conversation: Sendable {
  /// What the child prints on its standard output, for one reader. It ends when the child has ended or
  /// ``end()`` was called, and where the reader is so slow that more would have to be kept than is bounded.
  var output: AsyncStream<[UInt8]> { get }

  /// Hands bytes to the child, in the order of the calls; waits for nothing.
  ///
  /// - Returns: `false` where nothing of them will reach it: the conversation has ended, or the child
  ///   has left more than the command's output limit unread.
  func send(_ bytes: [UInt8]) -> Bool

  /// Ends the child's input and returns when it has ended: by itself within the command's
  /// deadline, or killed. Any number may call it.
  func end() async
}

/// Begins conversations with outside commands.
package protocol ConversationStarter: Sendable {
  /// Starts `command`, of which the standard input must be `nil`, without waiting until it runs: what
  /// cannot be run is a conversation that ends at once. Its standard error is dropped.
  ///
  /// - Throws: ``CommandError`` where there is no such executable, or the system gives no socket.
  func converse(_ command: Command) throws(CommandError) -> any Conversation
}
