// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What can become of a file that is read.
package enum Damage: String, CaseIterable, Sendable, CustomStringConvertible {
  case half, empty, directory, fifo, socket
  case linkToNothing, linkToItself, linkToEndless
  case huge

  package var description: String { rawValue }

  /// Puts it in the place of a file.
  package func strike(_ path: String) {
    let bytes = TestFile.bytes(path) ?? []
    unlink(path)
    switch self {
    case .half: TestFile.write(String(decoding: bytes.prefix(bytes.count / 2), as: UTF8.self), to: path)
    case .empty: TestFile.write("", to: path)
    case .directory:
      mkdir(path, 0o700)
      TestFile.write("mine", to: "\(path)/mine")
    case .fifo: mkfifo(path, 0o600)
    case .socket: mknod(path, S_IFSOCK | 0o600, 0)
    case .linkToNothing: symlink("/nowhere/\(rawValue)", path)
    case .linkToItself: symlink(path, path)
    case .linkToEndless: symlink("/dev/zero", path)
    case .huge:
      TestFile.write("{", to: path)
      truncate(path, 5 << 30)
    }
  }
}
