// SPDX-License-Identifier: Apache-2.0

/// A refusal that goes over the socket by name: the errors of `org.gastown.Daemon`, and varlink's own.
package enum ControlFailure: Error, Sendable, Hashable {
  /// The request is meant for another town than the one that is served here.
  case wrongTown(expected: String, given: String)
  /// It was tried, and failed.
  case failed(message: String)
  /// It was not tried, for a reason that a person can act upon.
  case refused(message: String)
  /// The same is being done already.
  case busy
  /// The daemon is on its way out.
  case stopping
  /// What came was no request: not JSON, no method, or too large. The connection ends with this.
  case badRequest(message: String)

  case methodNotFound(method: String)
  case methodNotImplemented(method: String)
  case invalidParameter(parameter: String)
  case interfaceNotFound(interface: String)
  /// The method is only answered to a request with `more`.
  case expectedMore

  /// One that this version has no case for.
  case other(name: String, parameters: [String: String])
}

extension ControlFailure {
  /// The error's name and its parameters, as they stand in a reply.
  package var wire: (name: String, parameters: [String: String]) {
    let ours = ControlInterface.name
    let standard = ControlInterface.standardName
    return switch self {
    case .wrongTown(let expected, let given): ("\(ours).WrongTown", ["expected": expected, "given": given])
    case .failed(let message): ("\(ours).Failed", ["message": message])
    case .refused(let message): ("\(ours).Refused", ["message": message])
    case .busy: ("\(ours).Busy", [:])
    case .stopping: ("\(ours).Stopping", [:])
    case .badRequest(let message): ("\(ours).BadRequest", ["message": message])
    case .methodNotFound(let method): ("\(standard).MethodNotFound", ["method": method])
    case .methodNotImplemented(let method): ("\(standard).MethodNotImplemented", ["method": method])
    case .invalidParameter(let parameter): ("\(standard).InvalidParameter", ["parameter": parameter])
    case .interfaceNotFound(let interface): ("\(standard).InterfaceNotFound", ["interface": interface])
    case .expectedMore: ("\(standard).ExpectedMore", [:])
    case .other(let name, let parameters): (name, parameters)
    }
  }

  /// Reads what ``wire`` says; a parameter that is missing is read as empty.
  package init(name: String, parameters: [String: String]) {
    func parameter(_ key: String) -> String { parameters[key] ?? "" }
    let ours = ControlInterface.name
    let standard = ControlInterface.standardName
    self =
      switch name {
      case "\(ours).WrongTown": .wrongTown(expected: parameter("expected"), given: parameter("given"))
      case "\(ours).Failed": .failed(message: parameter("message"))
      case "\(ours).Refused": .refused(message: parameter("message"))
      case "\(ours).Busy": .busy
      case "\(ours).Stopping": .stopping
      case "\(ours).BadRequest": .badRequest(message: parameter("message"))
      case "\(standard).MethodNotFound": .methodNotFound(method: parameter("method"))
      case "\(standard).MethodNotImplemented": .methodNotImplemented(method: parameter("method"))
      case "\(standard).InvalidParameter": .invalidParameter(parameter: parameter("parameter"))
      case "\(standard).InterfaceNotFound": .interfaceNotFound(interface: parameter("interface"))
      case "\(standard).ExpectedMore": .expectedMore
      default: .other(name: name, parameters: parameters)
      }
  }
}

extension ControlFailure: CustomStringConvertible {
  /// The refusal in words, without the method that was asked.
  package var description: String {
    switch self {
    case .wrongTown(let expected, let given): "this daemon serves the town \(expected), not \(given)"
    case .failed(let message), .refused(let message), .badRequest(let message): message
    case .busy: "the daemon is doing this already"
    case .stopping: "the daemon is stopping"
    case .methodNotFound(let method): "no method \(method)"
    case .methodNotImplemented(let method): "the method \(method) is not implemented"
    case .invalidParameter(let parameter): "the parameter '\(parameter)' is missing or of the wrong kind"
    case .interfaceNotFound(let interface): "no interface \(interface)"
    case .expectedMore: "the method is only answered with more"
    case .other(let name, let parameters):
      parameters.isEmpty
        ? name : name + " " + parameters.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ")
    }
  }
}
