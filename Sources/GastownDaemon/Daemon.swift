// SPDX-License-Identifier: Apache-2.0

package import CommandSupport
import Control
import Faults
import Glibc
package import Logging
import Processes
import ServiceLifecycle
import Supervision
package import Systemd
import Town
import TownFiles
import UnixSignals

/// The daemon: the checklist of what it takes to supervise one town.
package struct Daemon: Sendable {
  private let town: OpenTown
  private let service: ServiceEnvironment
  private let logger: Logger
  /// Which events the journal has taken.
  private let receipts: LogReceipts?
  /// Returns when everything that was logged is written.
  private let flush: @Sendable () async -> Void

  package init(
    town: OpenTown, service: ServiceEnvironment, logger: Logger, receipts: LogReceipts? = nil,
    flush: @escaping @Sendable () async -> Void = {}
  ) {
    self.town = town
    self.service = service
    self.logger = logger
    self.receipts = receipts
    self.flush = flush
  }

  /// Supervises until it gets SIGTERM or SIGINT.
  ///
  /// - Throws: `TownFileError` where another process supervises the town; the error of a service that ends.
  package func run() async throws {
    // A client that goes away must be an error of its connection, not the end of us.
    signal(SIGPIPE, SIG_IGN)
    // One that comes before anybody listens asks for no more than the first beat brings.
    signal(SIGUSR1, SIG_IGN)
    let manager = ServiceManager(environment: service)
    manager.post(.extendTimeout(StartupService.patience))
    // Before anything is started that could inherit them.
    let descriptors = ListenDescriptors(service)
    let lock = try await takeLock(manager: manager)
    FaultPoint.startLocked.pass()
    try OriginalDaemonGuard.check(town.layout)
    try town.checkRecords()
    town.layout.removeAbandonedFiles()

    let feed = EventFeed()
    let journal = EventJournal(logger: logger, town: town.layout.root, feed: feed, receipts: receipts)
    if let remark = TownRecords(layout: town.layout).missingLedger() { journal.warning(remark) }
    let status = StatusReporter(manager: manager)
    let gate = ReadinessGate { line in
      manager.post(.ready, .status(line))
      FaultPoint.startReady.pass()
      journal.record(TownEvent(.daemonReady, message: "supervising \(town.layout.root): \(line)"))
    }
    let supervisor = Supervisor(
      world: town.door, policy: town.settings.policy, journal: journal,
      reports: SupervisorReports(
        ready: { gate.firstLookIsTaken(status: $0) },
        status: { line in Task { await status.report(line) } },
        watchdog: { manager.post(.watchdog) },
        broken: { surrender(manager, because: $0) },
        tenure: { lock.tenure }))
    let server = ControlServer(
      endpoint: endpoint(descriptors), town: town.layout.root,
      information: ServiceInformation(version: Product.version),
      handler: DaemonHandler(town: town, supervisor: supervisor, manager: manager, journal: journal, feed: feed),
      logger: logger)

    var configuration = ServiceGroupConfiguration(
      services: [
        .init(service: SupervisorService(supervisor: supervisor), successTerminationBehavior: .gracefullyShutdownGroup),
        .init(service: ControlService(server: server, gate: gate)),
        .init(service: SignalService(supervisor: supervisor)),
        .init(service: StartupService(manager: manager, supervisor: supervisor, gate: gate)),
        .init(
          service: BeadsWatchService(
            layout: town.layout, supervisor: supervisor, longest: town.settings.policy.heartbeat.active,
            complain: { journal.warning($0) })),
        .init(
          service: ManagerService(
            manager: manager, supervisor: supervisor, watchdogInterval: service.watchdogInterval,
            announceStop: {
              journal.record(TownEvent(.daemonStopping, message: "stopping; every agent stays as it is"))
              FaultPoint.stopAnnounced.pass()
            }
          )),
      ],
      gracefulShutdownSignals: [.sigterm, .sigint],
      logger: Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() })
    configuration.maximumGracefulShutdownDuration = .seconds(6)
    configuration.maximumCancellationDuration = .seconds(2)
    try await ServiceGroup(configuration: configuration).run()
    markStopped()
    FaultPoint.stopMarked.pass()
    withExtendedLifetime(lock) {}
  }

  private func endpoint(_ descriptors: ListenDescriptors) -> ControlServer.Endpoint {
    let handed = descriptors.listeningSockets(named: "control").first
    if let handed { return .descriptor(handed) }
    return .path(ControlSocket.path(environment: town.environment, units: town.units))
  }

  /// Takes the town's lock. A `gt` that starts one agent holds it for a moment, and so does a daemon
  /// that is just being replaced: those are waited for.
  private func takeLock(manager: ServiceManager) async throws -> TownLock {
    var isSaid = false
    return try await TownLock.take(layout: town.layout, patience: .seconds(5)) { error in
      if !isSaid { manager.post(.status("waiting for the town's lock: \(error.reason)")) }
      isSaid = true
    }
  }

  /// Has the service manager put another process in our place, as soon as the journal knows why; where there is no
  /// manager, ends this one.
  private func surrender(_ manager: ServiceManager, because reason: String) {
    Task {
      await flush()
      guard case .notManaged = await manager.notify([.status(reason), .watchdogTrigger]) else { return }
      exit(ExitStatus.failure)
    }
  }

  private func markStopped() {
    let records = TownRecords(layout: town.layout)
    guard var state = try? records.state(), state.pid == getpid() else { return }
    state.running = false
    try? records.write(state)
  }
}
