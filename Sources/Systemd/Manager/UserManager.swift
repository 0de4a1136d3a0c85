// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Dispatch
import Glibc

/// The user's service manager, `systemd --user`, asked at its own socket.
///
/// Each question is a connection of its own, on a queue of its own, with a deadline that also holds for the time that
/// it waits for its turn: a manager that does not answer delays no other question.
package final class UserManager: Sendable {
  private let socket: String
  /// What changes something, one after the other; and what is only asked.
  private let orders = DispatchQueue(label: "user-manager.orders")
  private let questions = DispatchQueue(label: "user-manager.questions")

  /// - Parameter runtimeDirectory: the user's, `$XDG_RUNTIME_DIR`.
  package init(runtimeDirectory: String) {
    socket = "\(runtimeDirectory)/systemd/private"
  }

  /// Whether there is a user manager.
  package var isThere: Bool { access(socket, F_OK) == 0 }

  /// Has a scope made around processes, and returns when that is done. Who relies on it looks where
  /// the processes are.
  package func start(_ scope: TransientScope, deadline: Duration = .seconds(5)) async throws(ManagerError) {
    try await ask("make the scope \(scope.unit)", on: orders, deadline: deadline) {
      (conversation) throws(ManagerError) in
      do throws(ManagerError) {
        try Self.start(scope, withPolicy: true, conversation)
      } catch {
        guard error.code == .refused, error.reason.contains("OOMPolicy") else { throw error }
        try Self.start(scope, withPolicy: false, conversation)
      }
    }
  }

  private static func start(
    _ scope: TransientScope, withPolicy: Bool, _ conversation: BusConversation
  ) throws(ManagerError) {
    var ends = JobEnds()
    let reply = try conversation.call("StartTransientUnit", heed: { ends.take($0) }) {
      (message) throws(ManagerError) in
      try message.append(scope.unit)
      try message.append("fail")
      try message.append(scope.properties(withPolicy: withPolicy))
      try message.appendNoUnits()
    }
    defer { sd_bus_message_unref(reply) }
    var path: UnsafePointer<CChar>?
    guard sd_bus_message_read_basic(reply, CChar(UInt8(ascii: "o")), &path) > 0, let path else { return }
    let job = String(cString: path)
    while !ends.jobs.contains(job) {
      let message = try conversation.next()
      ends.take(message)
      sd_bus_message_unref(message)
    }
  }

  /// Changes the limits of a unit that runs.
  package func limit(
    _ unit: String, to limits: TransientScope.Limits, deadline: Duration = .seconds(5)
  ) async throws(ManagerError) {
    try await ask("limit the unit \(unit)", on: orders, deadline: deadline) { (conversation) throws(ManagerError) in
      let reply = try conversation.call("SetUnitProperties") { (message) throws(ManagerError) in
        try message.append(unit)
        // Only for as long as the unit runs.
        try message.append(true)
        try message.append(limits.properties)
      }
      sd_bus_message_unref(reply)
    }
  }

  /// `running`, `degraded`, `stopping` and others: see systemctl's `is-system-running`.
  package func systemState(deadline: Duration = .milliseconds(300)) async throws(ManagerError) -> String {
    try await ask("ask the user manager for its state", on: questions, deadline: deadline) {
      (conversation) throws(ManagerError) in
      let reply = try conversation.call(interface: "org.freedesktop.DBus.Properties", "Get") {
        (message) throws(ManagerError) in
        try message.append("org.freedesktop.systemd1.Manager")
        try message.append("SystemState")
      }
      defer { sd_bus_message_unref(reply) }
      var text: UnsafePointer<CChar>?
      guard sd_bus_message_enter_container(reply, CChar(UInt8(ascii: "v")), "s") > 0,
        sd_bus_message_read_basic(reply, CChar(UInt8(ascii: "s")), &text) > 0, let text
      else { return "unknown" }
      return String(cString: text)
    }
  }

  private func ask<Answer: Sendable>(
    _ operation: String, on queue: DispatchQueue, deadline: Duration,
    _ body: @escaping @Sendable (BusConversation) throws(ManagerError) -> Answer
  ) async throws(ManagerError) -> Answer {
    let end = ContinuousClock.now + deadline
    let socket = self.socket
    let result: Result<Answer, ManagerError> = await withCheckedContinuation { continuation in
      queue.async {
        do throws(ManagerError) {
          guard ContinuousClock.now < end else {
            throw ManagerError(.deadlineExceeded, operation: operation, reason: "the user manager does not answer")
          }
          let conversation = try BusConversation(socket: socket, operation: operation, end: end)
          continuation.resume(returning: .success(try body(conversation)))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }
}

/// The jobs of which the manager has said that they are over.
private struct JobEnds {
  private(set) var jobs: Set<String> = []

  mutating func take(_ message: OpaquePointer) {
    guard sd_bus_message_is_signal(message, "org.freedesktop.systemd1.Manager", "JobRemoved") > 0 else { return }
    var number: UInt32 = 0
    var path: UnsafePointer<CChar>?
    guard sd_bus_message_read_basic(message, CChar(UInt8(ascii: "u")), &number) > 0,
      sd_bus_message_read_basic(message, CChar(UInt8(ascii: "o")), &path) > 0, let path
    else { return }
    jobs.insert(String(cString: path))
  }
}
