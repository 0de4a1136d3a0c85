// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A FIFO at which the stand-in waits: by it a test knows that `bd` was started, and says when it goes on.
struct Gate {
  let path: String

  init(_ path: String) throws {
    self.path = path
    try #require(mkfifo(path, 0o600) == 0)
  }

  /// Waits until somebody stands there, and lets them through when `body` is done.
  func open(_ body: () async throws -> Void = {}) async throws {
    let descriptor = try await eventually("somebody at \(path)") {
      let descriptor = Foundation.open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
      return descriptor < 0 ? nil : descriptor
    }
    defer { close(descriptor) }
    try await body()
  }
}
