// SPDX-License-Identifier: Apache-2.0

import Town

extension FuzzTarget {
  /// The description of an agent's bead: setting one field changes that line and no other.
  static let description = FuzzTarget("description") { input, _ in
    let whole = text(input)
    for key in AgentFields.Key.allCases {
      var fields = AgentFields(description: whole)
      let others = AgentFields.Key.allCases.filter { $0 != key }
      let before = others.map { fields[$0] }
      let lines = whole.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).count
      let hadLine = fields.mentions(key)
      if let value = fields[key] { try promise("a value is trimmed", value, equals: value.trimmed) }
      fields.set(key, to: "gt-123")
      try promise("what was set is read", fields[key], equals: "gt-123")
      try promise("other fields stay", others.map { fields[$0] }, equals: before)
      let after = fields.description.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).count
      try promise("a line is replaced or added", after, equals: lines + (hadLine ? 0 : 1))
      let once = fields.description
      fields.set(key, to: "gt-123")
      try promise("setting it again changes nothing", fields.description, equals: once)
      fields.set(key, to: nil)
      try promise("none is none", fields[key] == nil && fields.mentions(key))
    }
  }
}
