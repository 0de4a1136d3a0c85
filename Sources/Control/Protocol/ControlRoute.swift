// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// One line of the table of methods: how bytes become a request, and its reply bytes again.
struct ControlRoute: Sendable {
  /// What comes of one request.
  enum Answer: Sendable {
    case reply(Data)
    case stream(ControlStream<Data>)
  }

  /// The full name of the method.
  let method: String
  /// Whether it is only answered to a request with `more`.
  let isStreaming: Bool
  /// Reads the request, has it handled, and writes the replies' envelopes. Throws ``ControlFailure`` and the errors of
  /// the handler.
  let answer: @Sendable (_ request: Data, _ handler: any ControlHandler) async throws -> Answer

  init<Method: ControlMethod>(
    _ type: Method.Type,
    handle: @escaping @Sendable (_ handler: any ControlHandler, _ request: Method) async throws -> Method.Reply
  ) {
    method = Method.qualifiedName
    isStreaming = false
    answer = { request, handler in
      let parameters = try RequestParameters<Method>.read(request)
      return .reply(try ControlJSON.encode(ReplyEnvelope(parameters: try await handle(handler, parameters))))
    }
  }

  init<Method: ControlMethod>(
    streaming type: Method.Type,
    handle:
      @escaping @Sendable (_ handler: any ControlHandler, _ request: Method) async throws
      -> ControlStream<Method.Reply>
  ) {
    method = Method.qualifiedName
    isStreaming = true
    answer = { request, handler in
      let parameters = try RequestParameters<Method>.read(request)
      let stream = try await handle(handler, parameters)
      return .stream(
        ControlStream {
          guard let reply = await stream.next() else { return nil }
          return try? ControlJSON.encode(ReplyEnvelope(parameters: reply, continues: true))
        })
    }
  }
}
