// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Town
import TownFiles

@Suite struct LayoutTests {
  private func makeTown(_ directory: TemporaryDirectory, _ name: String) -> String {
    directory.makeDirectory("\(name)/mayor")
    TestFile.write("{}", to: directory("\(name)/mayor/town.json"))
    return directory(name)
  }

  @Test func `a town is found by the option, the variable, the parents of where one stands, and ~/gt, in this order`()
    async throws
  {
    try await TemporaryDirectory.with { directory in
      let (option, variable, parent) = (makeTown(directory, "o"), makeTown(directory, "v"), makeTown(directory, "p"))
      let home = makeTown(directory, "home/gt")
      let below = directory.makeDirectory("p/rig/polecats/x")
      let outside = directory.makeDirectory("elsewhere")
      let environment = ["HOME": directory("home"), "GT_TOWN_ROOT": variable]
      func find(_ option: String?, _ environment: [String: String], _ place: String?) throws -> String {
        try TownLayout.find(option: option, environment: environment, workingDirectory: place).root
      }
      try #expect(find(option, environment, below) == option)
      try #expect(find(nil, environment, below) == variable)
      try #expect(find(nil, ["HOME": directory("home"), "GT_TOWN_ROOT": ""], below) == parent)
      try #expect(find(nil, ["HOME": directory("home")], outside) == home)
      try #expect(find(nil, ["HOME": directory("home")], nil) == home)
      symlink(option, directory("link"))
      try #expect(find(directory("link") + "/", [:], nil) == option)
    }
  }

  @Test func `a project that looks like a town is not taken for the town from within its worktree`() async throws {
    try await TemporaryDirectory.with { directory in
      let town = makeTown(directory, "town")
      try RigRegistry(layout: TownLayout(root: town)).add("rig", git: nil, at: Timestamp(seconds: 0))
      func find(_ place: String) throws -> String {
        try TownLayout.find(option: nil, environment: [:], workingDirectory: directory(place)).root
      }
      for place in ["polecats/toast", "crew/ada", "mayor/rig"] {
        _ = makeTown(directory, "town/rig/\(place)")
        directory.makeDirectory("town/rig/\(place)/src")
        try #expect(find("town/rig/\(place)") == town)
        try #expect(find("town/rig/\(place)/src") == town)
      }
      // A worktree that is behind a symbolic link knows its repository.
      _ = makeTown(directory, "elsewhere/nux")
      let entry = directory.makeDirectory("town/rig/mayor/rig/.git/worktrees/nux")
      TestFile.write("gitdir: \(entry)\n", to: directory("elsewhere/nux/.git"))
      try #expect(find("elsewhere/nux") == town)
      // A town of its own, wherever it is, and one that is named, are taken as they are.
      let other = makeTown(directory, "town/other/polecats/x")
      try #expect(find("town/other/polecats/x") == other)
      let named = directory("town/rig/polecats/toast")
      try #expect(TownLayout.find(option: named, environment: [:], workingDirectory: nil).root == named)
    }
  }

  @Test func `another user's mayor directory above where one works makes no town`() async throws {
    try await TemporaryDirectory.with { directory in
      let planted = makeTown(directory, "planted")
      let below = directory.makeDirectory("planted/work")
      let stranger = geteuid() &+ 54_321
      func find(_ userID: UInt32) throws -> String {
        try TownLayout.find(
          option: nil, environment: ["HOME": directory.path], workingDirectory: below, userID: userID
        ).root
      }
      try #expect(find(geteuid()) == planted)
      let error = #expect(throws: TownFileError.self) { try find(stranger) }
      #expect(error?.reason.contains("\(planted)/mayor/town.json is another user's") == true, "\(error as Any)")
      // The person's own, which is used.
      let home = makeTown(directory, "gt")
      try #expect(find(stranger) == home)
      try #expect(
        TownLayout.find(option: planted, environment: [:], workingDirectory: nil, userID: stranger).root == planted)
    }
  }

  @Test func `what is no town is an error that names the place and where it came from`() async throws {
    try await TemporaryDirectory.with { directory in
      for (option, environment, source) in [
        (directory.path, [:], "--town"), (directory("none"), [:], "--town"),
        (nil, ["GT_TOWN_ROOT": directory.path], "GT_TOWN_ROOT"),
        (nil, ["HOME": directory.path], "~/gt"),
      ] as [(String?, [String: String], String)] {
        let error = #expect(throws: TownFileError.self) {
          try TownLayout.find(option: option, environment: environment, workingDirectory: nil)
        }
        #expect(error?.code == .missing && error?.path.hasPrefix(directory.path) == true)
        #expect(error?.reason.contains(source) == true && error?.reason.contains("gt town init") == true)
      }
    }
  }

  @Test func `a Witness without a directory works in the rig's`() async throws {
    try await TemporaryDirectory.with { directory in
      directory.makeDirectory("a/witness")
      let layout = TownLayout(root: directory.path)
      #expect(layout.directory(of: .witness(rig: "a")) == directory("a/witness"))
      #expect(layout.directory(of: .witness(rig: "b")) == directory("b"))
      #expect(layout.directory(of: .mayor) == directory.path)
      #expect(layout.directory(of: .polecat(rig: "b", name: "x")) == directory("b/polecats/x"))
    }
  }

  @Test func `a town's mark depends on its path alone`() {
    #expect(TownLayout(root: "/a").mark == TownLayout(root: "/a").mark)
    #expect(TownLayout(root: "/a").mark != TownLayout(root: "/b").mark)
    #expect(TownLayout(root: "/a").mark.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
  }

  @Test func `an address is found among those that exist, and the nearest is suggested`() async throws {
    try await TemporaryDirectory.with { directory in
      for place in [
        "mayor", "rig/polecats/toast", "rig/polecats/both", "rig/crew/both", "rig/crew/ada", "my-rig/polecats/fix",
      ] {
        directory.makeDirectory(place)
      }
      let layout = TownLayout(root: directory.path)
      let registry = RigRegistry(layout: layout)
      try registry.add("rig", git: nil, at: Timestamp(seconds: 0))
      try registry.add("my-rig", git: nil, at: Timestamp(seconds: 0))
      let book = AddressBook(layout: layout)
      let toast = AgentIdentity.polecat(rig: "rig", name: "toast")
      for text in ["rig/toast", "rig/toast/", "rig/polecats/toast", "gt-rig-toast", "rig-polecat-toast"] {
        try #expect(book.agent(text) == toast)
      }
      try #expect(book.agent("toast", in: "rig") == toast)
      try #expect(book.agent("rig/ada") == .crew(rig: "rig", name: "ada"))
      try #expect(book.agent("rig/crew/both") == .crew(rig: "rig", name: "both"))
      try #expect(book.agent("gt-my-rig-fix") == .polecat(rig: "my-rig", name: "fix"))
      try #expect(book.agent("mayor/") == .mayor)
      func complaint(_ text: String) -> String? {
        #expect(throws: AddressError.self) { try book.agent(text) }?.description
      }
      #expect(complaint("rig/both") == "'rig/both' may be rig/polecats/both or rig/crew/both; give the full address")
      #expect(complaint("rig/tost")?.contains("did you mean rig/toast?") == true)
      for (text, suggestion) in [
        ("rig/witnes", "rig/witness"), ("rig-refinary", "rig/refinery"), ("rig/adda", "rig/crew/ada"),
        ("rig/crew/adaa/", "rig/crew/ada"), ("gt-rig-crew-adda", "rig/crew/ada"), ("deacn", "deacon"),
        ("mayer/", "mayor"), ("rig/polecat/toast", "rig/toast"), ("gt-my-rig-fxi", "my-rig/fix"),
        ("rig/polecats/bth", "rig/polecats/both"), ("rig/crew/bth", "rig/crew/both"), ("my-rig/Fix", "my-rig/fix"),
        ("rgi/toast", "rig/toast"), ("my-rigg/witness", "my-rig/witness"),
      ] {
        #expect(complaint(text) == "'\(text)' is no agent of this town; did you mean \(suggestion)?")
      }
      // A bare name is one of the rig in which a person stands.
      let bare = #expect(throws: AddressError.self) { try book.agent("tost", in: "rig") }
      #expect(bare?.description.hasSuffix("did you mean rig/toast?") == true)
      let person = #expect(throws: AddressError.self) { try book.agent("oversear", suggesting: ["overseer"]) }
      #expect(person?.description.hasSuffix("did you mean overseer?") == true)
      for text in ["", "x", "rig", "oversear", "rig/", "\u{1B}[31m", "nobody/at-all"] {
        #expect(
          complaint(text)?.hasSuffix("is no agent of this town; to list the agents: gt agent list") == true, "\(text)")
      }
      #expect(complaint("completely/else")?.contains("gt agent list") == true)
      #expect(complaint("rig/polecats/..") != nil)
      #expect(complaint("toast") != nil)
      TestFile.write("{", to: layout.registry)
      #expect(throws: TownFileError.self) { try book.agent("rig/toast") }
    }
  }
}
