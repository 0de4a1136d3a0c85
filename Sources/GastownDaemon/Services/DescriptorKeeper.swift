// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Faults
internal import FoundationEssentials
internal import Glibc
internal import Processes
internal import Supervision
internal import Synchronization
internal import Systemd
internal import Town

/// Has the service manager keep what the next process of the daemon needs: a descriptor of each agent's process,
/// and one file in memory.
///
/// The manager is spoken to from a queue, since that can block. What is kept is named after the life that it is of,
/// so that only what names a living agent of the ledger stays.
final class DescriptorKeeper: Sendable {
  private static let memoryName = "state"
  private static let prefix = "agent."

  private let queue = DispatchQueue(label: "descriptor-keeper")
  private let isManaged: Bool
  /// The names of what the manager keeps, and the file in memory, where that is one of them.
  private let state: Mutex<(names: Set<String>, memory: Int32?)>
  /// What the former process has left.
  let recalled: RuntimeState?
  /// The agents of the former process, by session, that have ended since.
  let ended: [String: ProcessLife]

  /// Takes over what the manager has handed back.
  init(_ descriptors: ListenDescriptors, isManaged: Bool) {
    self.isManaged = isManaged
    var names: Set<String> = []
    var memory: Int32?
    var processes: Set<ProcessIdentity> = []
    for stored in descriptors.stored {
      names.insert(stored.name)
      if stored.name == Self.memoryName, memory == nil {
        memory = stored.descriptor
      } else if let process = Self.process(stored.name), processes.insert(process).inserted {
        KeptProcess.inherit(process, descriptor: stored.descriptor)
      } else {
        close(stored.descriptor)
      }
    }
    let recalled = memory.flatMap {
      try? JSONDecoder().decode(RuntimeState.self, from: Data(KeptMemory.line(of: $0)))
    }
    self.recalled = recalled
    ended = (recalled?.lives ?? [:]).filter { KeptProcess.hasEnded($0.value.process) == true }
    state = Mutex((names, memory))
  }

  /// Hands over what has changed; does not wait.
  func keep(_ runtime: RuntimeState) {
    guard isManaged else { return }
    queue.async { self.store(runtime) }
  }

  private func store(_ runtime: RuntimeState) {
    let wanted = Dictionary(
      runtime.lives.values.map { (Self.name($0.process), $0.process) }, uniquingKeysWith: { first, _ in first })
    var (names, memory) = state.withLock { $0 }
    for name in names where wanted[name] == nil && name != Self.memoryName {
      guard case .sent = ServiceManager.removeStored(name: name) else { continue }
      if let process = Self.process(name) { KeptProcess.release(process) }
      names.remove(name)
      FaultPoint.storeRemoved.pass()
    }
    for (name, process) in wanted where !names.contains(name) {
      // One that has ended in this moment is the next turn's.
      guard let descriptor = try? KeptProcess.open(process) else { continue }
      if case .sent = ServiceManager.store(descriptor, name: name) { names.insert(name) }
      close(descriptor)
      FaultPoint.storeKept.pass()
    }
    if memory == nil { memory = KeptMemory.make() }
    if let memory, let line = try? JSONEncoder().encode(runtime) {
      // It is the very file that the manager keeps: what is written now, the next process reads.
      KeptMemory.write(Array(line), to: memory)
      FaultPoint.storeWritten.pass()
      if !names.contains(Self.memoryName), case .sent = ServiceManager.store(memory, name: Self.memoryName) {
        names.insert(Self.memoryName)
      }
    }
    state.withLock { $0 = (names, memory) }
  }

  /// `agent.PID.START`
  static func name(_ process: ProcessIdentity) -> String { "\(prefix)\(process.pid).\(process.startTime)" }

  static func process(_ name: String) -> ProcessIdentity? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, "\(parts[0])." == prefix, let pid = Int32(parts[1]), pid > 1,
      let startTime = UInt64(parts[2])
    else { return nil }
    return ProcessIdentity(pid: pid, startTime: startTime)
  }
}

extension ProcessLife {
  var process: ProcessIdentity { ProcessIdentity(pid: pid, startTime: startTime) }
}
