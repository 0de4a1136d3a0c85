// SPDX-License-Identifier: Apache-2.0

package import Town

/// A bead that is to be stored.
package struct BeadDraft: Sendable, Hashable {
  /// `nil` lets the store choose one.
  package var id: String?
  /// `agent`, `message`, `task`, …
  package var type: String
  /// At most 500 bytes, on one line or more.
  package var title: String
  package var description: String
  /// Empty where there is no assignee.
  package var assignee: String
  /// 0 is urgent, 4 can wait.
  package var priority: Int
  package var labels: [String]
  /// Kept out of what is exported and shared: messages that matter today only.
  package var isEphemeral: Bool
  /// The recorded creator; `nil` is the user of this process.
  package var author: String?

  package init(
    id: String? = nil, type: String, title: String, description: String = "", assignee: String = "", priority: Int = 2,
    labels: [String] = [], isEphemeral: Bool = false, author: String? = nil
  ) {
    self.id = id
    self.type = type
    self.title = title
    self.description = description
    self.assignee = assignee
    self.priority = priority
    self.labels = labels
    self.isEphemeral = isEphemeral
    self.author = author
  }
}

/// What is to change in a bead; `nil` leaves a part alone.
package struct BeadChange: Sendable, Hashable {
  package var description: String?
  package var status: Bead.Status?
  /// The empty string takes the assignee away.
  package var assignee: String?

  package init(description: String? = nil, status: Bead.Status? = nil, assignee: String? = nil) {
    self.description = description
    self.status = status
    self.assignee = assignee
  }
}
