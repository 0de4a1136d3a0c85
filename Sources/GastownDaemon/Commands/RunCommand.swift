// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import ArgumentParser
import Control
import Glibc
import Logging
import Supervision
import Systemd
import Town
import TownFiles

/// `gastown-daemon [--town PATH] [--once] [--explain]`.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "run", abstract: "Supervise (the default).")

  @OptionGroup var options: DaemonOptions
  @Flag(help: "Run one heartbeat and exit. If a daemon is running, it runs the heartbeat.")
  var once = false
  @Flag(help: "Print what a heartbeat would do now, and why. Change nothing.")
  var explain = false
  @Flag(help: "Log more: every heartbeat and every reading.")
  var verbose = false

  func run() async throws {
    let service = ServiceEnvironment(DaemonOptions.environment)
    let output = LogOutput(
      destination: .choose(service, noColour: DaemonOptions.environment["NO_COLOR"]?.isEmpty == false),
      identifier: "gastown-daemon", receipts: LogReceipts(key: EventJournal.idField))
    let logger = Logger(label: "gastown-daemon") { _ in output.handler(level: verbose ? .debug : .info) }
    do {
      let town = try options.open()
      if explain {
        try await Self.explain(town)
      } else if once {
        try await Self.beat(town, logger: logger, receipts: output.receipts)
      } else {
        try await Daemon(town: town, service: service, logger: logger, receipts: output.receipts) {
          await output.flush()
        }.run()
      }
      await output.flush()
    } catch {
      await output.flush()
      try await Self.fail(
        error, service: service, isUnderManager: service.notifySocket != nil, logger: logger, output: output)
    }
  }

  private static func explain(_ town: OpenTown) async throws {
    let explained = await Explanation.make(world: town.world, policy: town.settings.policy)
    let judgements = Judgement.all(
      explained, daemon: await DaemonPresence.find(town), policy: town.settings.policy)
    print(ExplanationText.lines(judgements).joined(separator: "\n"))
    for failure in explained.failures { complain(displayable(failure)) }
  }

  private static func beat(_ town: OpenTown, logger: Logger, receipts: LogReceipts?) async throws {
    if let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment) {
      let reply = try await client.ask(Beat(), in: town.layout, deadline: .seconds(180))
      print("beat \(reply.heartbeatCount) of the running daemon: \(reply.summary)")
      return
    }
    let line = try await LocalSupervision.with(town, mode: .town, logger: logger, receipts: receipts) { supervisor in
      await supervisor.beat()
      return await supervisor.status().line
    }
    print(line)
  }

  /// Says why, on the journal's way or a person's, and ends with the status that tells the kind.
  private static func fail(
    _ error: any Error, service: ServiceEnvironment, isUnderManager: Bool, logger: Logger, output: LogOutput
  ) async throws {
    let status = Self.status(of: error, isUnderManager: isUnderManager)
    if isUnderManager {
      logger.error("\(displayable("\(error)"))")
      await output.flush()
      let manager = ServiceManager(environment: service)
      await manager.notify([.status("\(error)"), .errno(number(of: error))])
      if status == ExitStatus.configuration,
        let socket = ListenDescriptors(service).listeningSockets(named: "control").first
      {
        PendingClients.refuse(at: socket, because: "\(error)")
      }
      // systemd before 254 tries again after a second, each time. This is the pause that it lacks.
      if status == ExitStatus.temporary { try? await Task.sleep(for: .seconds(10)) }
    } else {
      complain("\(error)")
    }
    throw ExitCode(status)
  }

  /// The kind of failure as `systemctl status` shows it.
  static func number(of error: any Error) -> Int32 {
    guard let error = error as? TownFileError else { return EIO }
    return switch error.code {
    case .malformed: EINVAL
    case .held: EBUSY
    case .missing: ENOENT
    case .unreadable: EACCES
    case .unwritable: EROFS
    }
  }

  /// 78 means that starting again will not help, and the service manager does not.
  static func status(of error: any Error, isUnderManager: Bool) -> Int32 {
    guard let error = error as? TownFileError else { return ExitStatus.failure }
    switch error.code {
    case .malformed: return ExitStatus.configuration
    case .held:
      let isLock = error.path.hasSuffix("/daemon/lock")
      return isUnderManager && isLock ? ExitStatus.temporary : ExitStatus.configuration
    case .missing, .unreadable, .unwritable:
      return isUnderManager ? ExitStatus.temporary : ExitStatus.configuration
    }
  }
}
