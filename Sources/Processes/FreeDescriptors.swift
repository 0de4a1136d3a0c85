// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whether there are file descriptors left to start a process with.
enum FreeDescriptors {
  /// What the start of one takes, and somewhat more, as others open files at the same time.
  private static let wanted = 24

  /// Where they run out in the middle of a start the subprocess library ends us with a fatal error. So they are asked
  /// for beforehand.
  static func sufficeForStart() -> Bool {
    var taken: [Int32] = []
    defer { for descriptor in taken { close(descriptor) } }
    for _ in 0..<wanted {
      let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return false }
      taken.append(descriptor)
    }
    return true
  }
}
