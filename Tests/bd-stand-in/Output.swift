// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What will be printed, and with which status the process ends.
struct Output {
  var text = ""
  var errors = ""
  var status: Int32 = 0

  func finish() -> Never {
    Output.write(text, to: 1)
    Output.write(errors, to: 2)
    exit(status)
  }

  static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}

/// What `bd` says before it ends with status 1.
struct Refusal: Error {
  var text: String
  init(_ text: String) { self.text = text }
}
