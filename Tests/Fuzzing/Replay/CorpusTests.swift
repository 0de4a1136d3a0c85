// SPDX-License-Identifier: Apache-2.0

import Testing
import TownFiles

/// What the fuzzer has found once is found by every run of the tests.
@Suite("The corpus of the fuzzer")
struct CorpusTests {
  private static let directory = "\(Disk.parent(of: Disk.parent(of: #filePath)))/corpus"

  @Test("every input of the corpus keeps every promise", .timeLimit(.minutes(5)), arguments: FuzzTarget.all.map(\.name))
  func replay(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let directory = "\(Self.directory)/\(name)"
    let names = try Disk.names(in: directory)
    #expect(!names.isEmpty, "\(directory) has no inputs")
    let town = ScratchTown()
    for name in names {
      let input = try Disk.read("\(directory)/\(name)")
      do { try target.run(input, in: town) } catch { Issue.record("\(target.name)/\(name): \(error)") }
    }
  }

  @Test("no input keeps no promise")
  func empty() {
    let town = ScratchTown()
    for target in FuzzTarget.all { #expect(throws: Never.self, "\(target.name)") { try target.run([], in: town) } }
  }

  @Test("every directory of the corpus has a target")
  func strays() throws {
    #expect(Set(try Disk.names(in: Self.directory)) == Set(FuzzTarget.all.map(\.name)))
  }
}
