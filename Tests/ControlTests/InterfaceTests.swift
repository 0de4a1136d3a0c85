// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Control

@Suite(.timeLimit(.minutes(1)))
struct InterfaceTests {
  @Test func descriptionNamesEveryMethodAndError() {
    for route in ControlInterface.routes {
      let name = route.method.split(separator: ".").last ?? ""
      #expect(ControlInterface.description.contains("\nmethod \(name)(town: string"))
    }
    let failures: [ControlFailure] = [
      .wrongTown(expected: "", given: ""), .failed(message: ""), .refused(message: ""), .busy, .stopping,
      .badRequest(message: ""), .methodNotFound(method: ""), .methodNotImplemented(method: ""),
      .invalidParameter(parameter: ""), .interfaceNotFound(interface: ""), .expectedMore,
    ]
    let both = ControlInterface.description + ControlInterface.standardDescription
    for failure in failures {
      #expect(both.contains("error \(failure.wire.name.split(separator: ".").last ?? "") ("))
      for parameter in failure.wire.parameters.keys { #expect(both.contains("\(parameter): string")) }
    }
  }

  @Test func methodsAreInOrderAndTold() {
    let methods = ControlInterface.routes.map(\.method)
    #expect(methods == methods.sorted())
    #expect(Set(methods).count == methods.count)
  }

  /// The keys that are really written are the ones that are described, in both directions.
  @Test func definitionsNameWhatIsWritten() throws {
    let outcome = SessionOutcome(outcome: "", changed: true)
    try expectKeys(Beat(), Beat.Reply(heartbeatCount: 1, summary: ""))
    try expectKeys(Health(), Health.Reply(healthy: true, turnAgeMilliseconds: nil))
    try expectKeys(Lifecycle(), Lifecycle.Reply(executed: 0, refused: 0, summary: ""))
    try expectKeys(Refresh(), Refresh.Reply())
    try expectKeys(Reload(), Reload.Reply())
    try expectKeys(StartSession(session: "", who: "", why: ""), outcome)
    try expectKeys(StopSession(session: "", who: "", why: ""), outcome)
    try expectKeys(ResetSession(session: "", who: "", why: ""), outcome)
    try expectKeys(RestartSession(session: "", who: "", why: ""), outcome)
    try expectKeys(Status(), Status.Reply(running: true, town: "", heartbeatCount: 0))
    let entry = Explain.Entry(agent: "", rule: "", decision: "", reason: "")
    #expect(try keys(entry).isSubset(of: described(Explain.definition)))
    #expect(try keys(Explain()).union(["town", "entries"]).union(keys(entry)) == described(Explain.definition))
  }

  private func expectKeys<Method: ControlMethod>(_ request: Method, _ reply: Method.Reply) throws {
    let written = try keys(TownParameters(town: "", request: request)).union(keys(reply))
    #expect(written == described(Method.definition))
  }

  private func keys(_ value: some Encodable) throws -> Set<String> {
    return try ControlJSON.decode(AnyKeys.self, from: try ControlJSON.encode(value)).names
  }

  /// The names before a colon, outside of comments.
  private func described(_ definition: String) -> Set<String> {
    let lines = definition.split(separator: "\n").filter { !$0.hasPrefix("#") }
    let words = lines.joined(separator: " ").split { $0 == " " || $0 == "(" }
    return Set(words.filter { $0.hasSuffix(":") }.map { String($0.dropLast()) })
  }

  @Test func standardMethodsAreAnswered() async throws {
    let town = try await ServedTown.start()
    #expect(
      try await town.answer(to: #"{"method":"org.varlink.service.GetInfo"}"#)
        == #"{"parameters":{"interfaces":["org.varlink.service","org.gastown.Daemon"],"product":"gastown-daemon","#
        + #""url":"","vendor":"Gas Town","version":"1.2.3"}}"#)
    let described = try #require(
      try await town.answer(
        to: #"{"method":"org.varlink.service.GetInterfaceDescription","#
          + #""parameters":{"interface":"org.gastown.Daemon"}}"#))
    let reply = try ControlJSON.decode(ReplyEnvelope<InterfaceDescription>.self, from: Data(described.utf8))
    #expect(reply.parameters.description == ControlInterface.description)
    #expect(
      try await town.answer(
        to: #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"a.B"}}"#)
        == #"{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"a.B"}}"#)
    await town.server.shutdown()
  }
}

/// The keys of any JSON object.
private struct AnyKeys: Decodable {
  struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  var names: Set<String>

  init(from decoder: any Decoder) throws {
    names = Set(try decoder.container(keyedBy: Key.self).allKeys.map(\.stringValue))
  }
}
