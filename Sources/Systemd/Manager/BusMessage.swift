// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The arguments of a method call, put together by the functions of sd-bus that Swift can call.
struct BusMessage {
  private let message: OpaquePointer
  private let operation: String

  init(_ message: OpaquePointer, operation: String) {
    self.message = message
    self.operation = operation
  }

  func append(_ text: String) throws(ManagerError) {
    try check(text.withCString { sd_bus_message_append_basic(message, type("s"), $0) })
  }

  func append(_ flag: Bool) throws(ManagerError) {
    var number: Int32 = flag ? 1 : 0
    try check(sd_bus_message_append_basic(message, type("b"), &number))
  }

  func append(_ number: UInt64) throws(ManagerError) {
    var number = number
    try check(sd_bus_message_append_basic(message, type("t"), &number))
  }

  /// An array of `s`.
  func append(_ texts: [String]) throws(ManagerError) {
    try check(sd_bus_message_open_container(message, type("a"), "s"))
    for text in texts { try append(text) }
    try close()
  }

  /// An array of `u`.
  func append(_ numbers: [UInt32]) throws(ManagerError) {
    try check(
      numbers.withUnsafeBytes { sd_bus_message_append_array(message, type("u"), $0.baseAddress, $0.count) })
  }

  /// `a(sv)`: what a unit is to have.
  func append(_ properties: [UnitProperty]) throws(ManagerError) {
    try check(sd_bus_message_open_container(message, type("a"), "(sv)"))
    for property in properties {
      try check(sd_bus_message_open_container(message, type("r"), "sv"))
      try append(property.name)
      try check(sd_bus_message_open_container(message, type("v"), property.value.signature))
      switch property.value {
      case .text(let text): try append(text)
      case .texts(let texts): try append(texts)
      case .flag(let flag): try append(flag)
      case .number(let number): try append(number)
      case .processes(let numbers): try append(numbers)
      }
      try close()
      try close()
    }
    try close()
  }

  /// `a(sa(sv))`, empty: no further units.
  func appendNoUnits() throws(ManagerError) {
    try check(sd_bus_message_open_container(message, type("a"), "(sa(sv))"))
    try close()
  }

  private func close() throws(ManagerError) { try check(sd_bus_message_close_container(message)) }

  private func type(_ character: Unicode.Scalar) -> CChar { CChar(truncatingIfNeeded: character.value) }

  private func check(_ result: Int32) throws(ManagerError) {
    if result < 0 {
      throw ManagerError(.refused, operation: operation, reason: String(cString: strerror(-result)))
    }
  }
}

/// One property of a unit, by the manager's own name.
struct UnitProperty: Sendable {
  enum Value: Sendable {
    case text(String)
    case texts([String])
    case flag(Bool)
    case number(UInt64)
    case processes([UInt32])

    fileprivate var signature: String {
      switch self {
      case .text: "s"
      case .texts: "as"
      case .flag: "b"
      case .number: "t"
      case .processes: "au"
      }
    }
  }

  var name: String
  var value: Value

  init(_ name: String, _ value: Value) {
    self.name = name
    self.value = value
  }
}
