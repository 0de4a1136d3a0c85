// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

@Suite struct LivenessTests {
  private let other = ServerIdentity(pid: 200, startedAt: 1)

  private func pane(
    _ process: PaneSighting.Process = .running(startTime: 99), own: Bool = true, pane: String = "%1", pid: Int32 = 4711,
    mark: String? = Given.town, adopted: Bool = false, shell: Bool = false, workers: [Worker] = [],
    age: Duration? = nil, attached: Int = 0, belongs: Bool = true, otherTown: String? = nil
  ) -> PaneSighting {
    PaneSighting(
      serverName: own ? "ours" : "theirs", isOwnServer: own, server: own ? Given.server : other,
      session: Given.toast.session, attached: attached, pane: pane, pid: pid, process: process, mark: mark,
      isAdopted: adopted, isBareShell: shell, workers: workers, age: age, belongsHere: belongs, otherTown: otherTown)
  }

  private func judge(_ panes: [PaneSighting], unreadable: String? = nil, known: ProcessLife? = nil) -> Liveness {
    func judged(_ panes: [PaneSighting]) -> Liveness {
      Liveness.judge(panes, boot: Given.boot, town: Given.town, unreadable: unreadable, known: known)
    }
    // The order in which panes are listed means nothing.
    #expect(judged(panes.reversed()) == judged(panes))
    return judged(panes)
  }

  private func objection(_ liveness: Liveness) -> String? {
    guard case .alive(_, let place) = liveness else { return "it is not alive: \(liveness)" }
    return place.objection
  }

  @Test func `a marked pane that runs is the agent, whatever it turned into`() {
    #expect(judge([pane(shell: true)]) == Given.alive())
  }

  @Test func `a pane that a person split off neither saves nor replaces the agent`() {
    let split = pane(pane: "%2", pid: 5, mark: nil)
    #expect(judge([pane(), split]) == Given.alive())
    #expect(judge([pane(.ended(.exited(status: 1))), split]) == Given.corpse(.exited(status: 1)))
  }

  @Test func `a zombie is dead`() {
    #expect(judge([pane(.ended(nil))]) == Given.corpse(nil))
  }

  @Test func `without a mark a bare shell is a dead shell, and anything else is alive`() {
    #expect(judge([pane(mark: nil)]) == Given.alive(marked: false))
    let shell = judge([pane(mark: nil, shell: true, attached: 1, belongs: false)])
    guard case .deadShell(let found) = shell else { return #expect(Bool(false), "\(shell)") }
    #expect(found.isAttached && !found.belongsHere && !found.place.isMarked)
    #expect(judge([pane(mark: nil, shell: true), pane(pane: "%2", pid: 5, mark: nil)]).isAlive)
  }

  @Test func `in an adopted pane a bare shell is a dead shell all the same, and it is the agent's`() {
    #expect(judge([pane(adopted: true, workers: [Worker(pid: 7, startTime: 1)])]).agentPID == 7)
    guard case .deadShell(let shell) = judge([pane(adopted: true, shell: true, belongs: false)]) else {
      return #expect(Bool(false))
    }
    #expect(shell.belongsHere && shell.place.isMarked && shell.place.isAdopted)
    // What a person split off neither hides that nor looks like it.
    let split = pane(pane: "%2", pid: 5, mark: nil)
    #expect(judge([pane(adopted: true, shell: true), split]) == .deadShell(shell))
    #expect(judge([pane(adopted: true), pane(pane: "%2", pid: 5, mark: nil, shell: true)]).isAlive)
    // It is proof of a death also where another server cannot be asked.
    #expect(judge([pane(adopted: true, shell: true)], unreadable: "time-out") == .deadShell(shell))
  }

  @Test func `what a daemon has made is preferred to what it has adopted`() {
    let answer = judge([pane(pane: "%1", pid: 5, adopted: true), pane(pane: "%9")])
    guard case .alive(let life, let place) = answer else { return #expect(Bool(false), "\(answer)") }
    #expect(life.pane == "%9" && !place.isAdopted)
  }

  @Test func `without a mark the pane that the ledger knows is the agent's`() {
    let known = Given.life()
    let split = pane(pane: "%0", pid: 5, mark: nil)
    #expect(judge([pane(mark: nil), split], known: known) == Given.alive(marked: false))
    guard case .deadShell(let shell) = judge([pane(mark: nil, shell: true, belongs: false), split], known: known) else {
      return #expect(Bool(false))
    }
    #expect(shell.life == known && shell.belongsHere && !shell.place.isMarked)
    guard case .dead = judge([pane(.ended(nil), mark: nil), split], known: known) else { return #expect(Bool(false)) }
    // Another process in that pane, another pane, or the same before the machine was started anew, is not it.
    for other in [Given.life(99), Given.life(pane: "%7"), Given.life(boot: "boot-0")] {
      #expect(objection(judge([pane(mark: nil, shell: true), split], known: other)) == nil, "%0 is the first")
      let later = pane(pane: "%2", pid: 5, mark: nil)
      #expect(objection(judge([pane(mark: nil, shell: true), later], known: other))?.contains("several panes") == true)
    }
  }

  @Test func `of unknown panes the first of the session is adopted, else nobody`() {
    #expect(objection(judge([pane(mark: nil)])) == nil)
    let second = pane(pane: "%10", pid: 5, mark: nil)
    let both = judge([pane(pane: "%9", mark: nil), second])
    #expect(objection(both) == nil && both.agentPID == 4711, "by number, not by name")
    #expect(objection(judge([pane(.ended(nil), mark: nil), second]))?.contains("several panes") == true)
    #expect(objection(judge([pane(mark: nil, belongs: false)]))?.contains("neither its directory") == true)
    #expect(objection(judge([pane(mark: nil, belongs: false), second]))?.contains("several panes") == true)
    #expect(objection(judge([pane(mark: nil), pane(own: false, mark: nil)]))?.contains("several tmux servers") == true)
    #expect(objection(judge([pane(mark: nil), pane(own: false, mark: nil, shell: true)])) == nil)
    // Ours needs no adoption, wherever else something of its name runs.
    #expect(objection(judge([pane(), pane(own: false, mark: nil)])) == nil)
  }

  @Test func `what was just begun in a session of others is not judged yet`() {
    let young = Duration.seconds(2)
    for mark in [nil, Given.town] {
      let answer = judge([pane(mark: mark, adopted: mark != nil, workers: [Worker(pid: 7, startTime: 1)], age: young)])
      guard case .alive(_, let place) = answer else { return #expect(Bool(false), "\(answer)") }
      #expect(place.settlesIn == (mark == nil ? .seconds(3) : nil))
      guard case .deadShell(let shell) = judge([pane(mark: mark, adopted: mark != nil, shell: true, age: young)]) else {
        return #expect(Bool(false))
      }
      #expect(shell.place.settlesIn == (mark == nil ? .seconds(3) : nil))
    }
    guard case .deadShell(let old) = judge([pane(mark: nil, shell: true, age: .seconds(5))]) else {
      return #expect(Bool(false))
    }
    #expect(old.place.settlesIn == nil)
    // One that is known has been there before.
    let known = judge([pane(mark: nil, shell: true, age: young)], known: Given.life())
    guard case .deadShell(let shell) = known else { return #expect(Bool(false)) }
    #expect(shell.place.settlesIn == nil)
  }

  @Test func `a living agent on another server outweighs a corpse on ours`() {
    let answer = judge([pane(.ended(.signalled(9))), pane(own: false, mark: nil)])
    guard case .alive(let life, let place) = answer else { return #expect(Bool(false), "\(answer)") }
    #expect(life.server == other && !place.isOwnServer && !place.isMarked)
  }

  @Test func `of two corpses the one on our own server counts`() {
    let answer = judge([pane(.ended(.signalled(9)), own: false, pane: "%7"), pane(.ended(.exited(status: 1)))])
    #expect(answer == Given.corpse(.exited(status: 1)))
  }

  /// Else nobody would ever answer that end: the corpse is not its, and the shell's process runs.
  @Test func `a shell elsewhere in which it lived last tells of its end, not an older corpse on our own server`() {
    let shell = pane(own: false, pane: "%7", pid: 9, adopted: true, shell: true)
    let life = ProcessLife(boot: Given.boot, server: other, pane: "%7", pid: 9, startTime: 99)
    let corpse = pane(.ended(.signalled(9)))
    guard case .deadShell(let found) = judge([corpse, shell], known: life) else { return #expect(Bool(false)) }
    #expect(found.life == life)
    #expect(judge([corpse, shell]) == Given.corpse())
  }

  @Test func `a pane elsewhere in which it lived last tells of its end, not an older corpse on our own server`() {
    let corpse = pane(.ended(.signalled(9)))
    let last = pane(.ended(.exited(status: 3)), own: false, pane: "%7", pid: 9)
    let life = ProcessLife(boot: Given.boot, server: other, pane: "%7", pid: 9, startTime: 99)
    guard case .dead(let found) = judge([corpse, last], known: life) else { return #expect(Bool(false)) }
    #expect(found.pid == 9 && found.server == other && found.cause == .exited(status: 3))
    // Also where it was started there once more, and has ended again.
    let earlier = ProcessLife(boot: Given.boot, server: other, pane: "%7", pid: 8, startTime: 98)
    guard case .dead(let again) = judge([corpse, last], known: earlier) else { return #expect(Bool(false)) }
    #expect(again.pid == 9)
  }

  @Test func `another town's session is unknown on our server, and nothing to us elsewhere`() {
    for foreign in [pane(mark: "town-2"), pane(mark: nil, otherTown: "/home/b/gt")] {
      guard case .unknown(let reason) = judge([foreign]) else { return #expect(Bool(false)) }
      #expect(reason.contains(Given.toast.session))
    }
    #expect(judge([pane(own: false, mark: "town-2")]) == .absent)
  }

  @Test func `where a server cannot be asked only what was seen counts`() {
    #expect(judge([], unreadable: "time-out") == .unknown("time-out"))
    #expect(judge([pane(mark: nil, shell: true)], unreadable: "time-out") == .unknown("time-out"))
    #expect(judge([pane(.ended(nil), mark: nil)], unreadable: "time-out") == .unknown("time-out"))
    #expect(judge([pane()], unreadable: "time-out") == Given.alive())
    #expect(judge([pane(.ended(.signalled(9)))], unreadable: "time-out") == Given.corpse())
  }

  @Test func `no pane on any server is absent, a dead unmarked pane is dead`() {
    #expect(judge([]) == .absent)
    guard case .dead(let corpse) = judge([pane(.ended(.exited(status: 2)), mark: nil)]) else {
      return #expect(Bool(false))
    }
    #expect(corpse.cause == .exited(status: 2) && !corpse.place.isMarked)
  }

  @Test func `nobody is dead whose last known process runs, whatever tmux shows`() {
    let life = Given.life()
    let corpse = Liveness.Corpse(
      place: Liveness.Place(serverName: "ours", isOwnServer: true, isMarked: true), server: life.server, pane: "%9",
      pid: 9, cause: .signalled(9))
    for liveness in [Liveness.absent, .dead(corpse)] {
      #expect(liveness.doubted(if: life, boot: life.boot) { _ in false } == liveness)
      #expect(liveness.doubted(if: life, boot: "another boot") { _ in true } == liveness)
      #expect(liveness.doubted(if: nil, boot: life.boot) { _ in true } == liveness)
      guard case .unknown(let reason) = liveness.doubted(if: life, boot: life.boot, isRunning: { $0 == life }) else {
        Issue.record("\(liveness) was not doubted")
        continue
      }
      #expect(reason.contains("\(life.pid)"))
    }
    #expect(Given.alive(life).doubted(if: life, boot: life.boot) { _ in true } == Given.alive(life))
  }
}
