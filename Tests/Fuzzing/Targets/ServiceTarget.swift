// SPDX-License-Identifier: Apache-2.0

@testable import Systemd

extension FuzzTarget {
  /// What the service manager says by variables, one a line, and names on their way to the journal.
  static let service = FuzzTarget("service") { input, _ in
    var variables: [String: String] = [:]
    for line in text(input).split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      variables[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
      let name = JournalField.metadataName(String(line))
      try promise(
        "the journal takes the name",
        name.utf8.count <= 64 && (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(name.utf8.first ?? 0))
      try promise("a name is its own", JournalField.name(name), equals: name)
    }
    let environment = ServiceEnvironment(variables, processIdentifier: 7, standardError: 2)
    try promise("descriptors begin where they should", environment.listenDescriptors.allSatisfy { $0.descriptor >= 3 })
    try promise("a watchdog has time", (environment.watchdogInterval ?? .seconds(1)) > .zero)
    let whole = text(input)
    let flat = LineText.flattened(whole)
    try promise("one line is one line", isInert(flat))
    try promise("flat is flat", LineText.flattened(flat), equals: flat)
    try promise("all is visible", isInert(LineText.visible(whole)))
    let prefix = LineText.prefix(whole, bytes: 100)
    try promise("a prefix fits", prefix.utf8.count <= 100 && whole.hasPrefix(prefix))
  }
}
