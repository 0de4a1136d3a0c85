// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Glibc

/// Who besides a user and root may write where a group may: the members of the group.
enum OtherUsers {
  private static let known = Mutex<[UInt64: Bool]>([:])

  /// Whether a group may have members other than `user` and root. Asked of the system's user database once for each
  /// group, and only where a group may write.
  ///
  /// A person's private group, which bears the person's name, has none; nor has a group of the system (`staff` on
  /// Debian) that lists no member.
  static func mayBe(in group: UInt32, besides user: UInt32) -> Bool {
    let key = UInt64(group) << 32 | UInt64(user)
    if let answer = known.withLock({ $0[key] }) { return answer }
    let answer = ask(group, user)
    known.withLock { $0[key] = answer }
    return answer
  }

  private static func ask(_ group: UInt32, _ user: UInt32) -> Bool {
    if group == 0 { return false }
    guard let name = name(of: user), let entry = entry(of: group) else { return true }
    guard entry.members.allSatisfy({ $0 == name || $0 == "root" }) else { return true }
    if entry.name == name { return false }
    return group >= 1000 || hasOthersAtHome(group, besides: user)
  }

  /// Whether the group is the first one of another local user.
  private static func hasOthersAtHome(_ group: UInt32, besides user: UInt32) -> Bool {
    guard let file = fopen("/etc/passwd", "re") else { return true }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, file) >= 0, let line {
      let fields = String(cString: line).split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count > 3, let owner = UInt32(fields[2]), let home = UInt32(fields[3]) else { continue }
      if home == group, owner != user, owner != 0 { return true }
    }
    return false
  }

  private static func name(of user: UInt32) -> String? { UserName.of(user) }

  private static func entry(of group: UInt32) -> (name: String, members: [String])? {
    var entry = Glibc.group()
    var buffer = [CChar](repeating: 0, count: 64 << 10)
    var found: UnsafeMutablePointer<Glibc.group>?
    guard getgrgid_r(group, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.gr_name else {
      return nil
    }
    var members: [String] = []
    var next = entry.gr_mem
    while let pointer = next?.pointee {
      members.append(String(cString: pointer))
      next = next?.advanced(by: 1)
    }
    return (String(cString: name), members)
  }
}
