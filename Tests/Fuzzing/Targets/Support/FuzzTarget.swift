// SPDX-License-Identifier: Apache-2.0

/// One reader of text from outside, and what it promises for any text at all: first of all to come back.
struct FuzzTarget: Sendable {
  /// What it is called on the command line; its corpus is the directory of this name.
  let name: String
  /// The longest input that is tried, in bytes. How much the reader itself takes is docs/fuzzing.md's matter.
  let longest: Int
  private let body: @Sendable (_ input: [UInt8], _ town: ScratchTown) throws -> Void

  init(
    _ name: String, longest: Int = 4_096,
    _ body: @escaping @Sendable (_ input: [UInt8], _ town: ScratchTown) throws -> Void
  ) {
    self.name = name
    self.longest = longest
    self.body = body
  }

  /// - Parameter town: where files can be put; whatever is in it is overwritten.
  /// - Throws: ``Broken`` where a promise is not kept, and what else should not be thrown.
  func run(_ input: [UInt8], in town: ScratchTown) throws { try body(input, town) }

  /// Every target, in the order of their names.
  static let all: [FuzzTarget] = [
    agentState, beads, capsule, capture, controlFrames, daemonFiles, description, display, gitStatus, history,
    json,
    identities, ledger, mail, panes, proc, readiness, registry, replies, routes, service, settings, settingsEdit,
    timestamps, tmuxWords, units,
  ].sorted { $0.name < $1.name }
}

/// A promise that was not kept.
struct Broken: Error, CustomStringConvertible {
  var description: String
}

/// - Throws: ``Broken`` unless `condition` holds.
func promise(_ words: String, _ condition: @autoclosure () throws -> Bool) throws {
  guard try condition() else { throw Broken(description: words) }
}

/// - Throws: ``Broken`` with both values unless they are equal.
func promise<Value: Equatable>(_ words: String, _ value: Value, equals other: Value) throws {
  guard value == other else { throw Broken(description: "\(words)\n  \(value)\n  \(other)") }
}

/// Whether nothing in `text` could act on a terminal.
func isInert(_ text: some StringProtocol, except allowed: Set<Unicode.Scalar> = []) -> Bool {
  text.unicodeScalars.allSatisfy { scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: allowed.contains(scalar)
    default: true
    }
  }
}

func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }
