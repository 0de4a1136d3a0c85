// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Takes the replies out of what arrives: each ends with a NUL.
struct ReplySplitter {
  /// The longest reply that is read where nothing else is said, in bytes.
  static let largest = 64 << 20

  private let limit: Int
  private var buffer = ByteBuffer()
  /// How many bytes at the front are known to hold no NUL, so that none is looked at twice.
  private var scanned = 0

  /// - Parameter limit: the longest reply, in bytes.
  init(limit: Int = largest) { self.limit = limit }

  /// The replies that `part` completes, without their NULs.
  ///
  /// - Throws: `ReplyHandler.Failure.tooLarge`
  mutating func split(_ part: ByteBuffer) throws(ReplyHandler.Failure) -> [ByteBuffer] {
    var part = part
    buffer.writeBuffer(&part)
    var replies: [ByteBuffer] = []
    while let end = buffer.readableBytesView.dropFirst(scanned).firstIndex(of: 0) {
      let length = end - buffer.readableBytesView.startIndex
      guard length <= limit else { throw .tooLarge }
      if let reply = buffer.readSlice(length: length) { replies.append(reply) }
      buffer.moveReaderIndex(forwardBy: 1)
      scanned = 0
    }
    buffer.discardReadBytes()
    scanned = buffer.readableBytes
    guard scanned <= limit else { throw .tooLarge }
    return replies
  }
}
