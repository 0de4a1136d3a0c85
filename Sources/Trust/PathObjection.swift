// SPDX-License-Identifier: Apache-2.0

/// Why a path is not used: the place at fault, its owner and mode, and what mends it.
package struct PathObjection: Error, Sendable, Hashable {
  package enum Code: Sendable, Hashable {
    /// There is nothing.
    case missing
    /// The system does not let us look.
    case unreadable
    /// A symbolic link where none may be, or a chain of them that does not end.
    case link
    /// Something else than what is needed.
    case wrongKind
    /// It belongs to another user.
    case foreign
    /// It belongs to another user, in a directory where all users may create files.
    case planted
    /// Users besides its owner may write to it.
    case shared
  }

  package var code: Code
  /// The place at fault: the path that was asked for, or a directory above it.
  package var path: String
  package var reason: String
  /// `nil` where it could not be looked at.
  package var owner: UInt32?
  /// The permission bits; `nil` where it could not be looked at.
  package var mode: UInt32?
  /// The words of the command that mends it; `nil` where no single one does.
  package var remedy: [String]?

  package init(
    _ code: Code, path: String, reason: String, owner: UInt32? = nil, mode: UInt32? = nil, remedy: [String]? = nil
  ) {
    self.code = code
    self.path = path
    self.reason = reason
    self.owner = owner
    self.mode = mode
    self.remedy = remedy
  }

  /// The mode as `chmod` takes it.
  package static func octal(_ mode: UInt32) -> String { "0" + String(mode, radix: 8) }
}

extension PathObjection: CustomStringConvertible {
  package var description: String {
    let facts = owner.map { " (owner \($0), mode \(Self.octal(mode ?? 0)))" } ?? ""
    let way = remedy.map { "; fix it with: \($0.joined(separator: " "))" } ?? ""
    return "\(path)\(facts) \(reason)\(way)"
  }
}
