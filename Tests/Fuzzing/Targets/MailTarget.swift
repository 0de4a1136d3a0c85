// SPDX-License-Identifier: Apache-2.0

import Town

extension FuzzTarget {
  /// Mail to the Deacon: its first line is the subject, the others are the body.
  static let mail = FuzzTarget("mail") { input, _ in
    var pieces = Pieces(input)
    let subject = text(pieces.line())
    let body = pieces.remainder()
    let document = (try? JSONValue(json: body))?.object
    let message = Message(
      id: "gt-1", sender: "rig/toast", subject: subject, body: text(body), document: document,
      sentAt: Timestamp(seconds: 0))
    let action = LifecycleRequest.action(of: message)
    var padded = message
    padded.subject = "\n\(subject)\n"
    if document == nil { padded.body = "\n\n\(message.body)\n\n" }
    try promise("empty lines around mean nothing", LifecycleRequest.action(of: padded), equals: action)
    try promise("nor around a subject", LifecycleRequest.isRequest(padded), equals: LifecycleRequest.isRequest(message))
    try promise(
      "a request is not also a start", !(LifecycleRequest.isRequest(message) && StartedMail.isStarted(message)))
    if let address = StartedMail.address(in: message) {
      try promise("an address is trimmed", address, equals: address.trimmed)
    }
    for name in ["Session", "Issue"] {
      if let value = StartedMail.value(name, in: message) {
        try promise("a value is one line", !value.isEmpty && !value.contains(where: \.isNewline))
      }
    }
    if StartedMail.isStarted(message) {
      let address = StartedMail.address(in: message) ?? ""
      _ = Roster(rigs: ["rig", "rig-two"]).candidates(address: address)
    }
  }
}
