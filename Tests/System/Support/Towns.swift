// SPDX-License-Identifier: Apache-2.0

import Commands
import Synchronization
import TestSupport
import Testing

private let counter = Mutex(0)

/// The stand-in for an agent: says what it was started with, shows a prompt, and logs what it is told.
private let standInAgent = #"""
  #!/bin/bash
  directory=$HOME/agents
  mkdir -p "$directory"
  cat /proc/$$/environ >"$directory/$GT_SESSION.$$.env"
  echo "start $$ $PWD" >>"$directory/$GT_SESSION.log"
  echo "a stand-in agent"
  while printf '> '; IFS= read -r line; do
    [ -z "$line" ] || echo "told $line" >>"$directory/$GT_SESSION.log"
    case $line in
    "exit "*) exit "${line#exit }" ;;
    "run "*) eval "${line#run }" ;;
    esac
  done
  """#

/// Runs `body` with a town of its own: a new user, the stand-in agents, the units installed and the
/// daemon started. All of it ends when `body` returns or throws.
func withTown(_ plan: TownUser.Plan = .init(), _ body: (TownUser) async throws -> Void) async throws {
  await Turnstile.towns.enter()
  let result: Result<Void, any Error>
  do { result = .success(try await runTown(plan, body)) } catch { result = .failure(error) }
  await Turnstile.towns.leave()
  try result.get()
}

private func runTown(_ plan: TownUser.Plan, _ body: (TownUser) async throws -> Void) async throws {
  let systemd = try await PrivateSystemd.shared
  let number = counter.withLock { number in
    number += 1
    return number
  }
  let user = TownUser(name: "town\(number)", systemd: systemd, canFail: plan.wantsFaults)
  if plan.wantsFaults, Products.tested != Products.beside {
    print("\(Test.current?.name ?? user.name): debug builds, for GASTOWN_FAULT")
  }
  try await systemd.addUser(user.name)
  do {
    try await user.furnish(plan)
    try await body(user)
  } catch {
    let journal = try? await user.run("journalctl", "--user", "-n", "600", "--no-pager")
    await systemd.removeUser(user.name)
    throw NotInTime(description: "\(error)\nThe journal of \(user.name):\n\(journal?.output ?? "")")
  }
  await systemd.removeUser(user.name)
}

extension TownUser {
  fileprivate func furnish(_ plan: Plan) async throws {
    try await write(standInAgent + "\n", to: "bin/agent", isExecutable: true)
    let agent = plan.agent.hasPrefix("~") ? home + plan.agent.dropFirst() : plan.agent
    let settings =
      #"{"agents": {"default": {"command": ["\#(agent)"]}}\#(plan.settings.isEmpty ? "" : ", ")\#(plan.settings)}"#
    var rigs = plan.rigs
    for polecat in plan.polecats {
      let rig = String(polecat.prefix { $0 != "/" })
      if !rigs.contains(rig) { rigs.append(rig) }
    }
    let working = plan.working ?? plan.polecats
    // `gt` makes it all, several polecats at a time.
    let script = """
      mkdir -p .local/bin
      gt town init gt
      printf '%s\\n' "$1" >gt/mayor/daemon.json
      \(plan.usesBd ? "ln -s /opt/gastown/debug/bd-stand-in .local/bin/bd; (cd gt; bd init --prefix gt)" : "")
      for rig in \(rigs.joined(separator: " ")); do gt rig add $rig; done
      printf '%s\\n' \(plan.polecats.joined(separator: " ")) | xargs -r -P 4 -n 1 gt polecat add
      add() { gt agent set "$1" --hook "gt-work-${1#*/}" --state working; }
      export -f add
      printf '%s\\n' \(working.joined(separator: " ")) | xargs -r -P 4 -I{} bash -c '[ -z "{}" ] || add "{}"'
      \(plan.prepare)
      gt daemon install
      """
    try await shell(
      plan.polecats.isEmpty
        ? script.split(separator: "\n").filter { !$0.contains("xargs") }.joined(separator: "\n") : script, settings)
    if !plan.dropIn.isEmpty { try await dropIn(plan.dropIn) }
    if plan.isStarted { try await start() }
  }

  /// Settings of the unit that only a test wants.
  func dropIn(
    _ lines: String, for unit: String = "gastown-daemon.service", section: String = "Service"
  ) async throws {
    try await write("[\(section)]\n\(lines)\n", to: ".config/systemd/user/\(unit).d/\(section).conf")
    try await systemctl("daemon-reload")
  }

  /// Starts the daemon, and returns when everybody who should run has been started.
  func start() async throws {
    try await systemctl("start", "gastown-daemon")
    try await beat()
  }
}
