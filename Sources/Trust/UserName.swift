// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The names of users, by the machine's account database.
package enum UserName {
  /// `nil` where the user has no entry.
  package static func of(_ user: UInt32) -> String? {
    var entry = passwd()
    var buffer = [CChar](repeating: 0, count: 16 << 10)
    var found: UnsafeMutablePointer<passwd>?
    guard getpwuid_r(user, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name else {
      return nil
    }
    return String(cString: name)
  }
}
