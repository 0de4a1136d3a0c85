// SPDX-License-Identifier: Apache-2.0

import Town
import TownFiles

/// Whether git in each polecat's directory works on its own worktree.
struct WorktreeCheck: DoctorCheck {
  let name = "worktrees"

  func run(in context: DoctorContext) async -> [CheckResult] {
    guard let roster = try? context.roster.get() else { return [] }
    var findings: [CheckResult] = []
    var sound = 0
    for rig in roster.rigs where (try? TownName.checkRig(rig)) != nil {
      let repositories = RigRepository.all(of: rig, in: context.layout)
      let place = context.layout.path("\(rig)/polecats")
      let names: [String]
      do throws(TownFileError) {
        names = try Disk.names(in: place)
      } catch {
        findings.append(.unexamined("\(rig)/polecats", error.reason))
        continue
      }
      for name in names where (try? TownName.checkPolecat(name)) != nil && Disk.isDirectory("\(place)/\(name)") {
        let agent = AgentIdentity.polecat(rig: rig, name: name)
        let worktree = PolecatWorktree(agent, in: context.layout, repositories: repositories)
        if let finding = Self.judge(worktree, of: agent) { findings.append(finding) } else { sound += 1 }
      }
    }
    if findings.isEmpty {
      findings.append(CheckResult(.ok, "worktrees", "\(counted(sound, "directory", "directories")) of polecats"))
    }
    return findings
  }

  static func judge(_ worktree: PolecatWorktree, of agent: AgentIdentity) -> CheckResult? {
    switch worktree.standing {
    case .sound: return nil
    case .mendable(let reason):
      return CheckResult(
        .warning, agent.address, "the link between its worktree and its repository is broken: \(reason)",
        why: "git there finds no repository, or another one. The link is repaired at the agent's next start.",
        remedy: Remedy.command("gt", "session", "restart", agent.address))
    case .broken(let reason):
      let links = worktree.linksOfCopy?.map { link in
        "printf '%s\\n' \(Remedy.quoted(link.line)) >\(Remedy.quoted(link.path))"
      }
      return CheckResult(
        .broken, agent.address, "its worktree is broken: \(reason)",
        why:
          "Commits there go into another repository, or nowhere. No agent is started in it. If nothing "
          + "in it is worth keeping: gt polecat remove \(agent.address) --force",
        remedy: links?.joined(separator: "; "))
    }
  }
}
