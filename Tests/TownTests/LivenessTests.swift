// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

@Suite struct LivenessTests {
  private let other = ServerIdentity(pid: 200, startedAt: 1)

  private func pane(
    _ process: PaneSighting.Process = .running(startTime: 99), own: Bool = true, pane: String = "%1", pid: Int32 = 4711,
    mark: String? = Given.town, shell: Bool = false, attached: Int = 0, belongs: Bool = true, otherTown: String? = nil
  ) -> PaneSighting {
    PaneSighting(
      serverName: own ? "ours" : "theirs", isOwnServer: own, server: own ? Given.server : other,
      session: Given.toast.session, attached: attached, pane: pane, pid: pid, process: process, mark: mark,
      isBareShell: shell, belongsHere: belongs, otherTown: otherTown)
  }

  private func judge(_ panes: [PaneSighting], unreadable: String? = nil) -> Liveness {
    let answer = Liveness.judge(panes, boot: Given.boot, town: Given.town, unreadable: unreadable)
    // The order in which panes are listed means nothing.
    #expect(Liveness.judge(panes.reversed(), boot: Given.boot, town: Given.town, unreadable: unreadable) == answer)
    return answer
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

  @Test func `a living agent on another server outweighs a corpse on ours`() {
    let answer = judge([pane(.ended(.signalled(9))), pane(own: false, mark: nil)])
    guard case .alive(let life, let place) = answer else { return #expect(Bool(false), "\(answer)") }
    #expect(life.server == other && !place.isOwnServer && !place.isMarked)
  }

  @Test func `of two corpses the one on our own server counts`() {
    let answer = judge([pane(.ended(.signalled(9)), own: false, pane: "%7"), pane(.ended(.exited(status: 1)))])
    #expect(answer == Given.corpse(.exited(status: 1)))
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
