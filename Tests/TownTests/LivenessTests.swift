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

  private func judge(
    _ panes: [PaneSighting], unreadable: String? = nil, known: ProcessLife? = nil,
    graves: Set<AgentRecord.Grave> = []
  ) -> Liveness {
    func judged(_ panes: [PaneSighting]) -> Liveness {
      Liveness.judge(panes, boot: Given.boot, town: Given.town, unreadable: unreadable, known: known, graves: graves)
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
    #expect(judge([pane(shell: true)], known: Given.life()) == Given.alive())
  }

  // MARK: A mark is only a claim

  @Test func `a forged mark on a person's pane hides no death`() {
    let forged = pane(pane: "%0", pid: 5)
    #expect(judge([pane(), forged], known: Given.life()) == Given.alive(), "its own pane is the one in the ledger")
    #expect(judge([pane(.ended(.signalled(9))), forged], known: Given.life()) == Given.corpse(.signalled(9)))
    for shell in [false, true] {
      let bare = pane(pane: "%0", pid: 5, shell: shell)
      #expect(judge([pane(.ended(.signalled(9))), bare], known: Given.life()) == Given.corpse(.signalled(9)))
    }
    // Its own pane is gone: what is left is nothing that may be ended.
    guard case .alive(_, let place) = judge([forged], known: Given.life()) else { return #expect(Bool(false)) }
    #expect(!place.isMarked && place.claimsToBeOurs)
    guard case .unknown = judge([pane(pane: "%0", pid: 5, shell: true)], known: Given.life()) else {
      return #expect(Bool(false))
    }
    // A shell that shows nothing of the agent is not what a daemon has made.
    let strange = pane(pane: "%0", pid: 5, shell: true, belongs: false)
    for known in [nil, Given.life()] {
      guard case .deadShell(let shell) = judge([strange], known: known) else { return #expect(Bool(false)) }
      #expect(!shell.belongsHere && !shell.place.isMarked && shell.life.pid == 5)
    }
    let left = ProcessLife(boot: Given.boot, server: other, pane: "%7", pid: 9, startTime: 99)
    let elsewhere = pane(own: false, pane: "%7", pid: 9, adopted: true, shell: true)
    guard case .deadShell(let shell) = judge([strange, elsewhere], known: left) else { return #expect(Bool(false)) }
    #expect(shell.life == left && shell.belongsHere)
  }

  @Test func `what runs anew in the agent's own pane is the agent, although another bears the mark too`() {
    let forged = pane(pane: "%0", pid: 5, adopted: true)
    let next = pane(.running(startTime: 120), pid: 6)
    for known in [nil, Given.life()] {
      let liveness = judge([next, forged], known: known)
      #expect(liveness.life?.pid == 6 || known == nil)
      #expect((objection(liveness) == nil) == (known != nil), "\(liveness)")
    }
    // A session elsewhere makes it unclear all the same.
    #expect(objection(judge([next, pane(own: false, pane: "%3", pid: 8, mark: nil)], known: Given.life())) != nil)
  }

  @Test func `beside the pane of one that was ended nothing is the agent`() {
    var record = AgentRecord()
    record.life = Given.life()
    record.noteEnd(of: Given.life())
    var ledger = Ledger()
    ledger[Given.toast] = record
    let known = ledger.knownLives[Given.toast.session]
    #expect(ledger.knownLives.graves == [Given.toast.session: record.graves] && record.graves.count == 1)
    #expect(known == Given.life() && ledger.lives.isEmpty)
    for (mark, adopted) in [(Given.town, false), (Given.town, true), (nil, false)] as [(String?, Bool)] {
      let persons = pane(pane: "%0", pid: 5, mark: mark, adopted: adopted)
      #expect(judge([pane(.ended(.signalled(9))), persons], known: known) == Given.corpse(.signalled(9)))
    }
    // In its own pane, and on another server, it may have been started by others.
    #expect(judge([pane(pid: 5, mark: nil)], known: known).life == Given.life(5))
    #expect(judge([pane(.ended(nil)), pane(own: false, pid: 5, mark: nil)], known: known).isAlive)
    record.life = Given.life(9)
    #expect(record.ended == nil)
    // Nor is it beside an older corpse, where its own pane shows its end.
    let persons = pane(pane: "%0", pid: 5, adopted: true, belongs: false)
    let shell = pane(own: false, pane: "%7", pid: 9, adopted: true, shell: true)
    let last = ProcessLife(boot: Given.boot, server: other, pane: "%7", pid: 9, startTime: 99)
    for panes in [[pane(.ended(nil)), persons, shell], [shell, pane(.ended(nil)), persons]] {
      guard case .deadShell(let left) = judge(panes, known: last) else { return #expect(Bool(false)) }
      #expect(left.life == last)
    }
    // Where there is none, its end is seen all the same: the shell that it has left runs on.
    let doubted = judge([persons, shell], known: last)
      .doubted(if: last, boot: Given.boot, by: [persons, shell]) { _ in true }
    #expect(objection(doubted)?.contains("neither its directory") == true)
  }

  @Test func `beside a corpse that the ledger has everything is a person's, wherever the agent has lived last`() {
    let grave = AgentRecord.Grave(server: Given.server, pane: "%1", pid: 4711)
    let corpse = pane(.ended(.signalled(9)))
    let gone = ProcessLife(boot: Given.boot, server: other, pane: "%7", pid: 9, startTime: 99)
    for known in [nil, gone] {
      for (adopted, shell) in [(false, false), (true, false), (false, true), (true, true)] {
        let forged = pane(pane: "%0", pid: 5, adopted: adopted, shell: shell, belongs: false)
        #expect(judge([corpse, forged], known: known, graves: [grave]) == Given.corpse(.signalled(9)))
        // Of a corpse that it does not have the ledger does not know whose it is.
        for strange in [AgentRecord.Grave(server: other, pane: "%1", pid: 4711), nil] {
          guard case .dead = judge([corpse, forged], known: known, graves: Set([strange].compactMap(\.self))) else {
            continue
          }
          #expect(shell, "a shell that shows nothing of the agent is not the agent")
        }
      }
    }
    // It says nothing of other sessions, nor of the pane of a life that goes on.
    #expect(judge([corpse, pane(own: false, pane: "%0", pid: 5)], graves: [grave]).isAlive)
    let beside = ProcessLife(boot: Given.boot, server: Given.server, pane: "%0", pid: 5, startTime: 99)
    #expect(judge([corpse, pane(pane: "%0", pid: 5)], known: beside, graves: [grave]).life == beside)
  }

  @Test func `what runs anew in the pane of a corpse that the ledger has is the agent, whatever bears the mark beside`()
  {
    let grave = AgentRecord.Grave(server: Given.server, pane: "%1", pid: 4711)
    let next = pane(.running(startTime: 120), pid: 6)
    let forged = pane(pane: "%0", pid: 5)
    let liveness = judge([next, forged], graves: [grave])
    #expect(liveness.life?.pid == 6 && objection(liveness) == nil)
    // The shell that an agent has left may be a person's by now, as may what runs there and shows nothing of the agent.
    #expect(objection(judge([pane(), forged], graves: [grave])) != nil)
    let strange = pane(.running(startTime: 120), pid: 6, belongs: false)
    #expect(judge([strange, forged], graves: [grave]).life?.pid == 5)
  }

  @Test func `a forged mark elsewhere does not take the place of the one that is known`() {
    let forged = pane(pane: "%0", pid: 5)
    let known = ProcessLife(boot: Given.boot, server: other, pane: "%7", pid: 9, startTime: 99)
    let agent = pane(own: false, pane: "%7", pid: 9)
    guard case .alive(let life, let place) = judge([forged, agent], known: known) else { return #expect(Bool(false)) }
    #expect(life == known && place.isMarked)
  }

  @Test func `a pane with a mark that the ledger does not know is alive, and nobody is started beside it`() {
    let lost = judge([pane()])
    guard case .alive(let life, let place) = lost else { return #expect(Bool(false), "\(lost)") }
    #expect(life == Given.life() && !place.isMarked && place.claimsToBeOurs && place.objection == nil)
    // A person's pane beside it changes nothing; a second one with a mark makes it unclear which is the agent's.
    #expect(objection(judge([pane(), pane(pane: "%0", pid: 5, mark: nil)])) == nil)
    #expect(objection(judge([pane(), pane(pane: "%0", pid: 5)]))?.contains("several panes") == true)
    // A corpse with a forged mark hides no living one.
    #expect(judge([pane(), pane(.ended(nil), pane: "%0", pid: 5)]).isAlive)
    // One that has become a shell may be an agent all the same.
    guard case .unknown(let reason) = judge([pane(shell: true)]) else { return #expect(Bool(false)) }
    #expect(reason.contains("4711"))
  }

  @Test func `a pane that a person split off neither saves nor replaces the agent`() {
    let split = pane(pane: "%2", pid: 5, mark: nil)
    #expect(judge([pane(), split], known: Given.life()) == Given.alive())
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
    let known = Given.life()
    guard case .deadShell(let shell) = judge([pane(adopted: true, shell: true, belongs: false)], known: known) else {
      return #expect(Bool(false))
    }
    #expect(shell.belongsHere && shell.place.isMarked && shell.place.isAdopted)
    // What a person split off neither hides that nor looks like it.
    let split = pane(pane: "%2", pid: 5, mark: nil)
    #expect(judge([pane(adopted: true, shell: true), split], known: known) == .deadShell(shell))
    #expect(judge([pane(adopted: true), pane(pane: "%2", pid: 5, mark: nil, shell: true)]).isAlive)
    // It is proof of a death also where another server cannot be asked.
    #expect(judge([pane(adopted: true, shell: true)], unreadable: "time-out", known: known) == .deadShell(shell))
    // Whose the shell is, the mark alone does not say.
    guard case .deadShell(let strange) = judge([pane(adopted: true, shell: true, belongs: false)]) else {
      return #expect(Bool(false))
    }
    #expect(!strange.belongsHere && !strange.place.isMarked)
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
    #expect(objection(judge([pane(), pane(own: false, mark: nil)], known: Given.life())) == nil)
  }

  @Test func `what was just begun in a session of others is not judged yet`() {
    let young = Duration.seconds(2)
    for mark in [nil, Given.town] {
      let known = mark == nil ? nil : Given.life()
      let answer = judge(
        [pane(mark: mark, adopted: mark != nil, workers: [Worker(pid: 7, startTime: 1)], age: young)], known: known)
      guard case .alive(_, let place) = answer else { return #expect(Bool(false), "\(answer)") }
      #expect(place.settlesIn == (mark == nil ? .seconds(3) : nil))
      let shells = [pane(mark: mark, adopted: mark != nil, shell: true, age: young)]
      guard case .deadShell(let shell) = judge(shells, known: known) else { return #expect(Bool(false)) }
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
    #expect(judge([pane()], unreadable: "time-out", known: Given.life()) == Given.alive())
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
