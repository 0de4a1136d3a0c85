// SPDX-License-Identifier: Apache-2.0

/// A bead as it is kept in `stand-in.json`, and as `bd` prints it.
struct Record: Codable {
  var id: String
  var title: String
  var description = ""
  var status = "open"
  var priority = 2
  var type: String
  var assignee = ""
  var createdAt: String
  var createdBy: String
  var updatedAt: String
  var closedAt: String?
  var closeReason: String?
  var labels: [String] = []
  var ephemeral = false
  var deletedAt: String?
  var deletedBy: String?
  var hookBead: String?
  var roleBead: String?
  var agentState: String?
  var lastActivity: String?

  /// Keys and values in the order in which `bd` prints them; what is empty is left out.
  func members(counts: Bool = false, slots: Bool = false, shared: Bool = false) -> [(String, JSONText.Value)] {
    var members: [(String, JSONText.Value)] = [("id", .text(id)), ("title", .text(title))]
    func add(_ key: String, _ text: String?) {
      if let text, !text.isEmpty { members.append((key, .text(text))) }
    }
    add("description", description)
    members += [("status", .text(status)), ("priority", .number(priority)), ("issue_type", .text(type))]
    add("assignee", assignee)
    members.append(("created_at", .text(createdAt)))
    add("created_by", createdBy)
    members.append(("updated_at", .text(updatedAt)))
    add("closed_at", closedAt)
    add("close_reason", closeReason)
    if !labels.isEmpty, slots || counts || shared { members.append(("labels", .list(labels.sorted()))) }
    if let deletedAt {
      add("deleted_at", deletedAt)
      add("deleted_by", deletedBy)
      add("delete_reason", deletedBy == "batch delete" ? "batch delete" : "delete")
      add("original_type", type)
    }
    if ephemeral { members.append(("ephemeral", .flag(true))) }
    if slots {
      add("hook_bead", hookBead)
      add("role_bead", roleBead)
      add("agent_state", agentState)
      add("last_activity", lastActivity)
    }
    if counts { members += [("dependency_count", .number(0)), ("dependent_count", .number(0))] }
    return members
  }
}
