// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// One line of the table of methods: how bytes become a request, and its reply bytes again.
struct ControlRoute: Sendable {
  /// The full name of the method.
  let method: String
  /// Its text in the interface's description.
  let definition: String
  /// Reads the request, has it handled, and writes the reply's envelope. Throws ``ControlFailure``
  /// and whatever the handler throws.
  let answer: @Sendable (_ request: Data, _ handler: any ControlHandler) async throws -> Data

  init<Method: ControlMethod>(
    _ type: Method.Type,
    handle: @escaping @Sendable (_ handler: any ControlHandler, _ request: Method) async throws -> Method.Reply
  ) {
    method = Method.qualifiedName
    definition = Method.definition
    answer = { request, handler in
      let parameters = try RequestParameters<Method>.read(request)
      return try ControlJSON.encode(ReplyEnvelope(parameters: try await handle(handler, parameters)))
    }
  }
}
