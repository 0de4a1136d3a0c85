// SPDX-License-Identifier: Apache-2.0

import Testing
@testable import Town

/// On which branch a polecat begins whose name may have been used before.
@Suite struct BranchRuleTests {
  private func branch(
    _ name: String, local: Bool = true, contained: Bool = true, used: Bool = false
  ) -> BranchRule.Branch {
    BranchRule.Branch(name: name, isLocal: local, isContained: contained, isCheckedOut: used)
  }

  private func choose(_ branches: BranchRule.Branch...) -> BranchRule.Choice {
    BranchRule.choose(for: "toast", among: branches)
  }

  @Test func `a new name gets its branch`() {
    let new = BranchRule.Choice(name: "polecat/toast", isForwarded: false, kept: [])
    #expect(choose() == new)
    #expect(choose(branch("polecat/nux", contained: false), branch("main", used: true)) == new)
  }

  @Test func `a branch that has nothing of its own is fast-forwarded`() {
    #expect(
      choose(branch("polecat/toast"), branch("polecat/toast", local: false))
        == BranchRule.Choice(name: "polecat/toast", isForwarded: true, kept: []))
    // At origin alone there is nothing to forward.
    #expect(
      choose(branch("polecat/toast", local: false))
        == BranchRule.Choice(name: "polecat/toast", isForwarded: false, kept: []))
  }

  @Test func `a branch with work of its own, here or at origin, is kept, and so is one in use`() {
    let second = BranchRule.Choice(name: "polecat/toast-2", isForwarded: false, kept: ["polecat/toast"])
    #expect(choose(branch("polecat/toast", contained: false)) == second)
    #expect(choose(branch("polecat/toast"), branch("polecat/toast", local: false, contained: false)) == second)
    #expect(choose(branch("polecat/toast", used: true)) == second)
    #expect(
      choose(branch("polecat/toast", contained: false), branch("polecat/toast-2", contained: false))
        == BranchRule.Choice(name: "polecat/toast-3", isForwarded: false, kept: ["polecat/toast", "polecat/toast-2"]))
    #expect(
      choose(branch("polecat/toast", contained: false), branch("polecat/toast-2"))
        == BranchRule.Choice(name: "polecat/toast-2", isForwarded: true, kept: ["polecat/toast"]))
  }

  @Test func `a branch below that name is no obstacle`() {
    #expect(choose(branch("polecat/toast/more")).name == "polecat/toast-2")
  }
}
