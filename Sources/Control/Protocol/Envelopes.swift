// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What is read of a request before its parameters.
struct RequestHeader: Decodable {
  let method: String
  let more: Bool?
  let oneway: Bool?
}

/// A request as the client writes it.
struct RequestEnvelope<Method: ControlMethod>: Encodable {
  let method = Method.qualifiedName
  let parameters: TownParameters<Method>
  /// Absent where it is not wanted, as varlink has it.
  var more: Bool?

  private enum CodingKeys: String, CodingKey { case method, parameters, more }
}

/// A request's own parameters with the town beside them, in one object.
struct TownParameters<Method: ControlMethod>: Encodable {
  let town: String
  let request: Method

  private enum CodingKeys: String, CodingKey { case town }

  func encode(to encoder: any Encoder) throws {
    try request.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(town, forKey: .town)
  }
}

/// The parameters of a request whose method is known. A request without any has an empty object of them.
struct RequestParameters<Parameters: Decodable>: Decodable {
  let parameters: Parameters

  private enum CodingKeys: CodingKey { case parameters }
  private struct None: Decodable {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard container.contains(.parameters), try !container.decodeNil(forKey: .parameters) else {
      parameters = try ControlJSON.decode(Parameters.self, from: Data("{}".utf8))
      return
    }
    parameters = try container.decode(Parameters.self, forKey: .parameters)
  }

  /// - Throws: ``ControlFailure/invalidParameter(parameter:)`` naming the first that is missing or of
  ///   the wrong kind.
  static func read(_ request: Data) throws(ControlFailure) -> Parameters {
    do {
      return try ControlJSON.decode(Self.self, from: request).parameters
    } catch let error as DecodingError {
      throw .invalidParameter(parameter: error.parameterName)
    } catch {
      throw .invalidParameter(parameter: "parameters")
    }
  }
}

/// The one parameter that every method of ours has.
struct TownHeader: Decodable {
  let town: String
}

/// A reply as the server writes it and the client reads it.
struct ReplyEnvelope<Parameters> {
  let parameters: Parameters
  /// Whether another reply to the same request follows; absent where none does.
  var continues: Bool?
}

extension ReplyEnvelope: Encodable where Parameters: Encodable {}
extension ReplyEnvelope: Decodable where Parameters: Decodable {}

/// An error as the server writes it.
struct FailureEnvelope: Encodable {
  let error: String
  let parameters: [String: String]

  init(_ failure: ControlFailure) { (error, parameters) = failure.wire }
}

/// The part of any reply that the client reads first.
struct FailureHeader: Decodable {
  let error: String?
}

extension DecodingError {
  /// The parameter that could not be read, without the envelope's own key.
  fileprivate var parameterName: String {
    let path: [any CodingKey] =
      switch self {
      case .keyNotFound(let key, let context): context.codingPath + [key]
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
        context.codingPath
      @unknown default: []
      }
    let names = path.map(\.stringValue)
    return names.count > 1 && names[0] == "parameters"
      ? names.dropFirst().joined(separator: ".") : names.first ?? "parameters"
  }
}
