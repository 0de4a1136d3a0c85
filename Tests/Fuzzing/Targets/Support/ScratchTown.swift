// SPDX-License-Identifier: Apache-2.0

import TownFiles
import Glibc

/// A town for one thread to put files into.
final class ScratchTown {
  let layout: TownLayout

  init() {
    var path = Array("\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/gst-fuzz-XXXXXX".utf8CString)
    guard mkdtemp(&path) != nil, let root = realpath(path, nil) else { fatalError("no directory for a town") }
    layout = TownLayout(root: String(cString: root))
    free(root)
  }

  deinit {
    let root = opendir(layout.root).map { stream in
      closedir(stream)
      return layout.root
    }
    if let root { ScratchTown.remove(root) }
  }

  /// Puts a file into the town, in place of the one that is there, and returns its path.
  @discardableResult
  func put(_ bytes: [UInt8], at path: String) -> String {
    let path = path.hasPrefix("/") ? path : layout.path(path)
    var descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    if descriptor < 0 {
      try? Disk.makeDirectory(Disk.parent(of: path))
      descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    }
    guard descriptor >= 0, write(descriptor, bytes, bytes.count) == bytes.count else {
      fatalError("cannot write \(path)")
    }
    close(descriptor)
    return path
  }

  private static func remove(_ path: String) {
    for name in (try? Disk.names(in: path)) ?? [] {
      let entry = "\(path)/\(name)"
      if Disk.isDirectory(entry), !Disk.isLink(entry) { remove(entry) } else { unlink(entry) }
    }
    rmdir(path)
  }
}
