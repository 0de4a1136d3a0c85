// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

@testable import Control

@Suite(.timeLimit(.minutes(1)))
struct InterfaceTests {
  private static let described = Result { try VarlinkIDL(ControlInterface.description) }

  @Test func descriptionIsTheFileThatIsShipped() throws {
    let source = #filePath
    let end = try #require(source.firstRange(of: "/Tests/"))
    let shipped = TestFile.text("\(source[..<end.lowerBound])/packaging/org.gastown.Daemon.varlink")
    #expect(shipped == ControlInterface.description)
  }

  @Test func descriptionNamesEveryMethodAndError() throws {
    let ours = try Self.described.get()
    #expect(ours.interface == ControlInterface.name)
    #expect(
      ours.methods.keys.sorted() == ControlInterface.routes.map { String($0.method.split(separator: ".").last ?? "") })
    for method in ours.methods.values { #expect(method.input.first == VarlinkIDL.Field(name: "town", kind: .string)) }
    let standard = try VarlinkIDL(ControlInterface.standardDescription)
    #expect(standard.interface == ControlInterface.standardName)
    #expect(standard.methods.keys.sorted() == ["GetInfo", "GetInterfaceDescription"])
    let failures: [ControlFailure] = [
      .wrongTown(expected: "", given: ""), .failed(message: ""), .refused(message: ""), .busy, .stopping,
      .badRequest(message: ""), .methodNotFound(method: ""), .methodNotImplemented(method: ""),
      .invalidParameter(parameter: ""), .interfaceNotFound(interface: ""), .expectedMore,
    ]
    for failure in failures {
      let name = String(failure.wire.name.split(separator: ".").last ?? "")
      let described = try #require(ours.errors[name] ?? standard.errors[name], "\(name)")
      #expect(described.map(\.name).sorted() == failure.wire.parameters.keys.sorted())
      #expect(described.allSatisfy { $0.kind == .string })
    }
    #expect(ours.errors.count == 6)
  }

  @Test(arguments: [
    "", "interface a", "interface a.b", "interface a.b\nmethod x() -> ()", "interface a.b\nmethod X()",
    "interface a.b\nmethod X(a: strin) -> ()", "interface a.b\nmethod X(a: ?Missing) -> ()",
    "interface a.b\nmethod X(a_: int) -> ()", "interface a.b\nmethod X(a: int,) -> ()",
    "interface a.b\ntype X (a, a: int)", "interface a.b\nerror X", "interface a.b\nmethod X(a: ??int) -> ()",
  ])
  func whatIsNoInterfaceIsNotTaken(text: String) {
    #expect(throws: VarlinkIDL.Malformed.self) { try VarlinkIDL(text) }
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
    try expectKeys(NoteHold(place: "rig/toast", held: true, who: "ada", why: "x"), NoteHold.Reply())
    try expectKeys(Reload(), Reload.Reply())
    try expectKeys(StartSession(session: "", who: "", why: ""), outcome)
    try expectKeys(StopSession(session: "", who: "", why: ""), outcome)
    try expectKeys(ResetSession(session: "", who: "", why: ""), outcome)
    try expectKeys(RestartSession(session: "", who: "", why: ""), outcome)
    try expectKeys(Status(), Status.Reply(running: true, town: "", heartbeatCount: 0))
    try expectKeys(Explain(), Explain.Reply(entries: []))
    let entry = Explain.Entry(agent: "", rule: "", decision: "", reason: "")
    guard case .structure(let described)? = try Self.described.get().types["Case"] else {
      Issue.record("there is no type Case")
      return
    }
    #expect(try keys(entry) == Set(described.map(\.name)))
    try expectKeys(
      Watch.self, try keys(TownParameters(town: "", request: Watch())),
      try keys(Watch.Reply(event: "", time: "", sequence: 1, town: "", message: "")))
  }

  private func expectKeys<Method: ControlMethod>(_ request: Method, _ reply: Method.Reply) throws {
    try expectKeys(Method.self, try keys(TownParameters(town: "", request: request)), try keys(reply))
  }

  private func expectKeys(_ method: (some ControlMethod).Type, _ request: Set<String>, _ reply: Set<String>) throws {
    let described = try #require(try Self.described.get().methods[method.name])
    #expect(request == Set(described.input.map(\.name)), "\(method.name)")
    #expect(reply == Set(described.output.map(\.name)), "\(method.name)")
  }

  private func keys(_ value: some Encodable) throws -> Set<String> {
    return try ControlJSON.decode(AnyKeys.self, from: try ControlJSON.encode(value)).names
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
