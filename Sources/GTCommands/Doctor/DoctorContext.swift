// SPDX-License-Identifier: Apache-2.0

import Commands
import CommandSupport
import Glibc
import Processes
import Supervision
import Tmux
import Town
import TownFiles
import Trust

/// The town, user and machine that are checked, with what several checks need, read once.
struct DoctorContext: Sendable {
  let layout: TownLayout
  /// The town's systemd units, by name.
  let names: TownUnits
  /// The town, or why it cannot be opened: its settings cannot be used.
  let town: Result<OpenTown, TownFileError>
  let environment: [String: String]
  let runner: any CommandRunner
  let userID: UInt32
  /// The user's name; its number where the system knows none.
  let userName: String
  /// What the user manager says of our units, or why it says nothing.
  let units: Result<[String: UnitProperties], Unreadable>
  let tmux: TmuxReading
  let roster: Result<Roster, TownFileError>
  let processes = ProcessTable()

  /// How long one outside command may take.
  static let deadline: Duration = .seconds(8)

  var settings: TownSettings { (try? town.get())?.settings ?? TownSettings() }

  /// The user's runtime directory, as everything of ours finds it.
  var runtimeDirectory: String { TownUnits.runtimeDirectory(environment) }

  /// The daemon's process, however it was started; `nil` where none supervises the town.
  var daemon: Int32? { TownLock.holder(layout: layout).flatMap { $0.isOurs ? $0.pid : nil } }

  static func admit(_ layout: TownLayout, environment: [String: String]) async -> DoctorContext {
    let runner = SystemCommandRunner(environment: environment)
    let names = TownUnits.find(layout: layout, environment: environment)
    let town: Result<OpenTown, TownFileError>
    do throws(TownFileError) {
      town = .success(try OpenTown(layout: layout, environment: environment, units: names))
    } catch {
      town = .failure(error)
    }
    let roster: Result<Roster, TownFileError>
    do throws(TownFileError) {
      roster = .success(Roster(rigs: try RigRegistry(layout: layout).rigs().map(\.name)))
    } catch {
      roster = .failure(error)
    }
    let settings = (try? town.get())?.settings ?? TownSettings()
    async let units = UnitProperties.read(names, runner: runner)
    async let tmux = TmuxReading.read(
      settings: settings, environment: environment, runner: runner, names: names,
      unitSockets: TownUnits.tmuxSockets(layout: layout, environment: environment))
    let name = UserName.of(getuid())
    return DoctorContext(
      layout: layout, names: names, town: town, environment: environment, runner: runner, userID: getuid(),
      userName: name ?? "\(getuid())", units: await units, tmux: await tmux, roster: roster)
  }

  /// What a command prints; `nil` where it cannot be run, fails, or does not end in time.
  func output(_ program: String, _ words: String...) async -> String? {
    let result = try? await runner.run(Command(program, words, deadline: Self.deadline))
    return result.flatMap { $0.succeeded ? $0.output : nil }
  }
}

/// A unit as `systemctl show` describes it.
struct UnitProperties: Sendable, Hashable {
  var values: [String: String] = [:]

  subscript(_ key: String) -> String { values[key] ?? "" }

  private static let keys = [
    "Id", "LoadState", "ActiveState", "Result", "ExecMainStatus", "MainPID", "UnitFileState", "NeedDaemonReload",
    "FragmentPath", "Environment",
  ]

  static func read(_ names: TownUnits, runner: any CommandRunner) async -> Result<
    [String: UnitProperties], Unreadable
  > {
    let command = Command(
      "systemctl",
      ["--user", "show", "-p", keys.joined(separator: ","), "--"] + UnitFiles.loaded(names),
      deadline: DoctorContext.deadline)
    do {
      let result = try await runner.run(command)
      guard result.succeeded else {
        let reason = result.complaint.split(separator: "\n").first.map(String.init) ?? "systemctl gave no reason"
        return .failure(Unreadable(description: reason))
      }
      return .success(parse(result.output))
    } catch {
      return .failure(Unreadable(description: "\(error)"))
    }
  }

  /// Reads blocks of `KEY=VALUE` lines, an empty line between them, by their `Id`.
  static func parse(_ text: String) -> [String: UnitProperties] {
    var units: [String: UnitProperties] = [:]
    var current = UnitProperties()
    let lines: [Substring] = text.split(separator: "\n", omittingEmptySubsequences: false) + [""]
    for line in lines {
      if line.isEmpty {
        if !current["Id"].isEmpty { units[current["Id"]] = current }
        current = UnitProperties()
      } else if let equals = line.firstIndex(of: "=") {
        current.values[String(line[..<equals])] = String(line[line.index(after: equals)...])
      }
    }
    return units
  }
}

/// The tmux servers of this user, each asked once.
struct TmuxReading: Sendable {
  struct Server: Sendable {
    var address: TmuxServer
    var path: String
    var listing: Result<ServerListing, Unreadable>
    /// As it is asked.
    var client: TmuxClient
  }

  var own: Server
  /// Whether the own server is that of the town's tmux unit.
  var isUnitServer: Bool
  var others: [Server]
  /// Sockets and directories that are left alone, and why servers that may be there were not asked.
  var leftOut: [PathObjection]
  var failures: [String]
  /// Servers that are not asked, as they are known not to answer.
  var silent: [SilentServer] = []
  /// Servers that run and were at the own path before, without a socket there now; and why nothing mends that by
  /// itself, where nothing does.
  var lost: [SocketListener]
  var obstacle: String?
  /// Of the own server, where its process is stopped.
  var standstill: ServerStandstill?

  var all: [Server] { [own] + others }

  static func read(
    settings: TownSettings, environment: [String: String], runner: any CommandRunner, names: TownUnits,
    unitSockets: [String]
  ) async -> TmuxReading {
    let address = TmuxAddress(settings: settings, environment: environment, units: names)
    let servers = TmuxServers(
      own: address.server, environment: environment, runner: runner, deadline: settings.deadlines.tmux,
      unitSockets: unitSockets)
    async let answers = servers.askOthers { client in try await client.panes() }
    let own: Result<ServerListing, Unreadable>
    let standstill = servers.ownStandstill()
    if let standstill {
      own = .failure(Unreadable(description: "\(standstill)"))
    } else {
      do {
        own = .success(try await servers.own.panes())
      } catch {
        own = .failure(Unreadable(description: "\(error)"))
      }
    }
    let others = await answers
    let mender = SocketMender(processes: ProcessTable(), trust: servers.trust)
    let path = servers.own.socketPath
    let lost = mender.lost(at: path)
    return TmuxReading(
      own: Server(address: address.server, path: path, listing: own, client: servers.own),
      isUnitServer: address.isUnitServer,
      others: others.answers.map { client, answer in
        Server(
          address: client.server, path: client.socketPath,
          listing: answer.mapError { Unreadable(description: "\($0)") }, client: client)
      },
      leftOut: others.leftOut, failures: others.failures,
      silent: others.silent.filter { silent in !others.answers.contains { $0.client.server == silent.address } },
      lost: lost,
      obstacle: SocketMender.obstacle(to: lost, at: path, standing: servers.trust.standing(ofSocket: path)),
      standstill: standstill)
  }
}
