// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads

/// How urgent a message is, as a word or as the number that beads have.
struct MailPriority: ExpressibleByArgument {
  var value: MailMessage.Priority

  static let allValueStrings = MailMessage.Priority.allCases.map(\.rawValue)

  init(_ value: MailMessage.Priority) { self.value = value }

  init?(argument: String) {
    if let word = MailMessage.Priority(rawValue: argument.lowercased()) {
      value = word
    } else if let number = Int(argument),
      let found = MailMessage.Priority.allCases.first(where: { $0.number == number })
    {
      value = found
    } else {
      return nil
    }
  }

  var defaultValueDescription: String { value.rawValue }
}
