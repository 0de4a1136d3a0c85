// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// One connection to the user manager's own socket, for one question. Blocks, until its deadline at most;
/// meant for a queue of the caller's own.
///
/// The manager's own socket needs no message bus, and no other process can hold up what is said on it.
final class BusConversation {
  private let bus: OpaquePointer
  private let operation: String
  private let end: ContinuousClock.Instant

  init(socket: String, operation: String, end: ContinuousClock.Instant) throws(ManagerError) {
    self.operation = operation
    self.end = end
    var made: OpaquePointer?
    guard sd_bus_new(&made) >= 0, let made else {
      throw ManagerError(.unreachable, operation: operation, reason: "no memory for a connection")
    }
    bus = made
    // `,` and `;` end a part of an address.
    let escaped = socket.utf8.map { byte in
      let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
      if isPlain || byte == 0x2F || byte == 0x2D || byte == 0x5F || byte == 0x2E {
        return String(UnicodeScalar(byte))
      }
      let digits = String(byte, radix: 16)
      return "%\(digits.count == 1 ? "0" : "")\(digits)"
    }.joined()
    try check(sd_bus_set_address(bus, "unix:path=\(escaped)"), .unreachable)
    try check(sd_bus_start(bus), .unreachable)
  }

  deinit { sd_bus_close_unref(bus) }

  /// Calls a method of the manager.
  ///
  /// - Parameter body: appends the arguments.
  /// - Returns: the reply, which is the caller's to give up with `sd_bus_message_unref`.
  func call(
    interface: String = "org.freedesktop.systemd1.Manager", _ member: String, heed: (OpaquePointer) -> Void = { _ in },
    _ body: (BusMessage) throws(ManagerError) -> Void
  ) throws(ManagerError) -> OpaquePointer {
    var made: OpaquePointer?
    try check(
      sd_bus_message_new_method_call(
        bus, &made, "org.freedesktop.systemd1", "/org/freedesktop/systemd1", interface, member))
    guard let message = made else { throw ManagerError(.refused, operation: operation, reason: "no memory") }
    defer { sd_bus_message_unref(message) }
    try body(BusMessage(message, operation: operation))
    var cookie: UInt64 = 0
    try check(sd_bus_send(bus, message, &cookie), .unreachable)
    while true {
      let answer = try next()
      var answered: UInt64 = 0
      guard sd_bus_message_get_reply_cookie(answer, &answered) >= 0, answered == cookie else {
        heed(answer)
        sd_bus_message_unref(answer)
        continue
      }
      guard sd_bus_message_is_method_error(answer, nil) > 0 else { return answer }
      let error = sd_bus_message_get_error(answer)?.pointee
      let name = error?.name.map { String(cString: $0) }
      let reason = error?.message.map { String(cString: $0) } ?? name ?? "it refused without a message"
      sd_bus_message_unref(answer)
      throw ManagerError(.refused, operation: operation, reason: reason, name: name)
    }
  }

  /// The next message that arrives; the caller gives it up with `sd_bus_message_unref`.
  func next() throws(ManagerError) -> OpaquePointer {
    while true {
      let rest = end - .now
      guard rest > .zero else {
        throw ManagerError(.deadlineExceeded, operation: operation, reason: "the user manager does not answer")
      }
      var message: OpaquePointer?
      let done = try check(sd_bus_process(bus, &message), .unreachable)
      if let message { return message }
      if done > 0 { continue }
      try check(sd_bus_wait(bus, UInt64(rest / .microseconds(1))), .unreachable)
    }
  }

  @discardableResult
  private func check(_ result: Int32, _ code: ManagerError.Code = .refused) throws(ManagerError) -> Int32 {
    // A signal that came in between is no failure.
    if result >= 0 || result == -EINTR { return max(result, 0) }
    throw ManagerError(code, operation: operation, reason: String(cString: strerror(-result)))
  }
}
