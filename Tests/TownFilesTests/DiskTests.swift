// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import TownFiles

@Suite struct DiskTests {
  private func names(_ directory: TemporaryDirectory) throws -> [String] { try Disk.names(in: directory.path) }

  private func code(_ body: () throws -> Void) -> TownFileError.Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? TownFileError)?.code
    }
  }

  @Test func `a file is replaced whole, is private, and leaves nothing behind`() async throws {
    try await TemporaryDirectory.with { directory in
      TestFile.write("old", to: directory("a.json"), mode: 0o644)
      try Disk.write(Array("new".utf8), to: directory("a.json"))
      try Disk.write([], to: directory("deep/er/b.json"))
      var status = stat()
      #expect(stat(directory("a.json"), &status) == 0 && status.st_mode & 0o777 == 0o600)
      #expect(stat(directory("deep/er"), &status) == 0 && status.st_mode & 0o777 == 0o700)
      #expect(TestFile.text(directory("a.json")) == "new")
      try #expect(names(directory) == ["a.json", "deep"])
      try #expect(Disk.names(in: directory("deep/er")) == ["b.json"])
    }
  }

  @Test func `readers never see half a file`() async throws {
    try await TemporaryDirectory.with { directory in
      let path = directory("a")
      let contents = [[UInt8](repeating: 65, count: 200_000), [UInt8](repeating: 66, count: 300_000)]
      try Disk.write(contents[0], to: path)
      async let writing: Void = {
        for round in 0..<40 { try Disk.write(contents[round % 2], to: path) }
      }()
      for _ in 0..<40 { #expect(contents.contains(try Disk.read(path))) }
      try await writing
    }
  }

  @Test func `a write that fails leaves the old file, and nothing else`() async throws {
    try await TemporaryDirectory.with { directory in
      directory.makeDirectory("a.json/inside")
      #expect(code { try Disk.write([1], to: directory("a.json")) } == .unwritable)
      try #expect(names(directory) == ["a.json"])
      TestFile.write("file", to: directory("f"))
      #expect(code { try Disk.write([1], to: directory("f/b.json")) } == .unwritable)
      #expect(TestFile.text(directory("f")) == "file")
      try #expect(names(directory) == ["a.json", "f"])
    }
  }

  @Test func `what is missing is missing, and everything else that is no file is unreadable`() async throws {
    try await TemporaryDirectory.with { directory in
      directory.makeDirectory("dir")
      mkfifo(directory("fifo"), 0o600)
      TestFile.write("", to: directory("big"))
      truncate(directory("big"), Disk.largestFile + 1)
      TestFile.write("x", to: directory("file"))
      symlink("loop", directory("loop"))
      #expect(code { _ = try Disk.read(directory("none")) } == .missing)
      for name in ["dir", "fifo", "big", "file/below", "loop"] {
        #expect(code { _ = try Disk.read(directory(name)) } == .unreadable, "\(name)")
      }
      #expect(code { _ = try Disk.read("/dev/zero") } == .unreadable)
    }
  }

  @Test func `what is no JSON of the kind is malformed, with the file's name`() async throws {
    try await TemporaryDirectory.with { directory in
      for text in ["", "{", "{\"a\":1}", "[1,2", "\u{FEFF}x", "null"] {
        TestFile.write(text, to: directory("a.json"))
        let error = #expect(throws: TownFileError.self) { try Disk.readJSON([String].self, from: directory("a.json")) }
        #expect(error?.code == .malformed)
        #expect(error?.description.hasPrefix(directory("a.json") + ": ") == true)
      }
    }
  }

  @Test func `names of a missing directory are none, of a file an error`() async throws {
    try await TemporaryDirectory.with { directory in
      try #expect(Disk.names(in: directory("none")).isEmpty)
      TestFile.write("", to: directory("file"))
      #expect(code { _ = try Disk.names(in: directory("file")) } == .unreadable)
      try Disk.remove(directory("file"))
      try Disk.remove(directory("file"))
      try #expect(names(directory).isEmpty)
    }
  }

  @Test(.requiresUnprivilegedUser) func `a file without permission is unreadable`() async throws {
    try await TemporaryDirectory.with { directory in
      TestFile.write("{}", to: directory("a"), mode: 0)
      #expect(code { _ = try Disk.read(directory("a")) } == .unreadable)
    }
  }
}
