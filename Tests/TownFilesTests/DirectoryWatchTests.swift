// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import TownFiles

@Suite(.timeLimit(.minutes(1))) struct DirectoryWatchTests {
  @Test func `a file that is written is told, and the end of the directory ends it`() async throws {
    try await TemporaryDirectory.with { directory in
      let place = directory.makeDirectory("watched")
      var changes = try DirectoryWatch.changes(in: place).makeAsyncIterator()
      TestFile.write("one", to: "\(place)/a")
      #expect(await changes.next() != nil)
      try Disk.remove("\(place)/a")
      rmdir(place)
      while await changes.next() != nil {}
    }
  }

  @Test func `a directory that is not there is an error that names it`() {
    let error = #expect(throws: TownFileError.self) { _ = try DirectoryWatch.changes(in: "/nowhere/at/all") }
    #expect(error?.code == .missing && error?.path == "/nowhere/at/all")
  }

  @Test func `beads that were written have another signature; an empty log is none of it`() async throws {
    try await TemporaryDirectory.with { directory in
      let place = directory.makeDirectory(".beads")
      TestFile.write("one", to: "\(place)/beads.db")
      let first = BeadsSignature(directory: place)
      TestFile.write("", to: "\(place)/beads.db-wal")
      TestFile.write("pid", to: "\(place)/daemon.lock")
      #expect(BeadsSignature(directory: place) == first)
      TestFile.write("frames", to: "\(place)/beads.db-wal")
      #expect(BeadsSignature(directory: place) != first)
      TestFile.write("", to: "\(place)/beads.db-wal")
      TestFile.write("one and two", to: "\(place)/beads.db")
      #expect(BeadsSignature(directory: place) != first)
    }
  }
}
