// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import NIOCore

@testable import Control

extension FuzzTarget {
  /// Requests on the control socket, in whatever pieces they arrive. The first line has the sizes of the pieces.
  static let controlFrames = FuzzTarget("control-frames") { input, _ in
    var pieces = Pieces(input)
    let sizes = pieces.line()
    let bytes = pieces.remainder()
    let limits = ControlLimits(requestBytes: 256)
    let whole = frames([bytes], limits)
    try promise("the pieces make no difference", frames(Pieces.chunks(of: bytes, by: sizes), limits), equals: whole)
    for frame in whole.requests {
      try promise("a request has no NUL", !frame.contains(0))
      try promise("a request has its limit", frame.count <= limits.requestBytes)
    }
    // The dispatcher itself takes what the limit of the program lets through.
    for frame in bytes.split(separator: 0, omittingEmptySubsequences: false).prefix(4) { try answer(Array(frame)) }
  }

  private struct Frames: Equatable {
    var requests: [[UInt8]] = []
    var isRejected = false
  }

  private static func frames(_ chunks: [[UInt8]], _ limits: ControlLimits) -> Frames {
    let now = ContinuousClock.now
    var state = ConnectionState(limits: limits, now: now)
    var buffer: [UInt8] = []
    var frames = Frames()
    for chunk in chunks where !frames.isRejected {
      buffer += chunk
      var action = state.received(buffer, now: now)
      while case .answer(let length) = action {
        frames.requests.append(Array(buffer[..<length]))
        buffer.removeFirst(length + 1)
        state.replyStarted(now: now)
        action = state.replyEnded(buffer, closes: false, now: now)
      }
      if case .reject = action { frames.isRejected = true }
    }
    return frames
  }

  private static let dispatcher = ControlDispatcher(
    town: "/town", information: ServiceInformation(version: "1"), handler: AnsweringHandler(),
    logger: Logger(label: "fuzzing") { _ in SwiftLogNoOpLogHandler() })

  private static func answer(_ frame: [UInt8]) throws {
    let answer = try Inline.run { await dispatcher.answer(ByteBuffer(bytes: frame)) }
    guard var bytes = answer.bytes else { return }
    try promise(
      "a reply ends with its NUL", bytes.readableBytesView.firstIndex(of: 0) == bytes.readableBytesView.endIndex - 1)
    let json = Data((bytes.readBytes(length: bytes.readableBytes) ?? []).dropLast())
    let header = try ControlJSON.decode(FailureHeader.self, from: json)
    guard let name = header.error else { return }
    let parameters = try ControlJSON.decode(ReplyEnvelope<[String: String]>.self, from: json).parameters
    let failure = ControlFailure(name: name, parameters: parameters)
    try promise("a refusal is read as written", failure.wire.parameters, equals: parameters)
    if case .other = failure { throw Broken(description: "a refusal without a case: \(name)") }
  }

  /// What comes back to `gt`, in whatever pieces it arrives. The first line has the sizes of the pieces.
  static let replies = FuzzTarget("replies") { input, _ in
    var pieces = Pieces(input)
    let sizes = pieces.line()
    let bytes = pieces.remainder()
    let whole = try split([bytes])
    try promise("the pieces make no difference", try split(Pieces.chunks(of: bytes, by: sizes)), equals: whole)
    var narrow = ReplySplitter(limit: 64)
    for chunk in Pieces.chunks(of: bytes, by: sizes) {
      guard let replies = try? narrow.split(ByteBuffer(bytes: chunk)) else { break }
      try promise("a reply has its limit", replies.allSatisfy { $0.readableBytes <= 64 })
    }
    for reply in whole {
      let data = Data(reply)
      if let name = try? ControlJSON.decode(FailureHeader.self, from: data).error {
        let parameters = try? ControlJSON.decode(ReplyEnvelope<[String: String]>.self, from: data).parameters
        _ = ControlFailure(name: name, parameters: parameters ?? [:]).description
      }
      try read(Status.Reply.self, data)
      try read(Beat.Reply.self, data)
      try read(Explain.Reply.self, data)
      try read(Health.Reply.self, data)
      try read(Lifecycle.Reply.self, data)
      try read(SessionOutcome.self, data)
      try read(Watch.Reply.self, data)
      try read(ServiceInformation.self, data)
    }
  }

  private static func split(_ chunks: [[UInt8]]) throws -> [[UInt8]] {
    var splitter = ReplySplitter()
    return try chunks.flatMap { try splitter.split(ByteBuffer(bytes: $0)).map { Array($0.readableBytesView) } }
  }

  private static func read<Reply: Codable & Equatable>(_ type: Reply.Type, _ data: Data) throws {
    guard let reply = try? ControlJSON.decode(ReplyEnvelope<Reply>.self, from: data).parameters else { return }
    let written = try ControlJSON.encode(ReplyEnvelope(parameters: reply))
    try promise(
      "a reply is read as written", try ControlJSON.decode(ReplyEnvelope<Reply>.self, from: written).parameters,
      equals: reply)
  }
}
