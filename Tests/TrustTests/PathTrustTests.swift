// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Trust
import Glibc

/// Which paths no other user of the machine can put something else at.
@Suite struct PathTrustTests {
  private let trust = PathTrust()
  /// A user who is neither root nor we.
  static let stranger: UInt32 = 65_534

  private func objection(_ body: () throws -> Void) -> PathObjection? {
    do {
      try body()
      return nil
    } catch { return error as? PathObjection }
  }

  @Test(arguments: [0o700, 0o750, 0o755] as [mode_t]) func `a directory of one's own may be read by others`(
    mode: mode_t
  ) async throws {
    try await TemporaryDirectory.with { directory in
      let path = directory.makeDirectory("place")
      chmod(path, mode)
      #expect(objection { try trust.checkDirectory(path, isOwn: true) } == nil)
    }
  }

  @Test(arguments: [0o702, 0o777, 0o707] as [mode_t]) func `a directory that others may write to is refused by name`(
    mode: mode_t
  ) async throws {
    try await TemporaryDirectory.with { directory in
      let path = directory.makeDirectory("place/below")
      chmod(directory("place"), mode)
      let found = try #require(objection { try trust.checkDirectory(path, isOwn: true) })
      #expect(found.code == .shared && found.path == directory("place") && found.mode == UInt32(mode))
      #expect(found.remedy == ["chmod", "go-w", directory("place")])
      chmod(directory("place"), 0o755)
      #expect(objection { try trust.checkDirectory(path, isOwn: true) } == nil)
    }
  }

  @Test(.requiresRoot) func `a group counts as others where it may have another member`() async throws {
    try await TemporaryDirectory.with { directory in
      let path = directory.makeDirectory("place")
      chmod(path, 0o775)
      // root's own group has nobody else, `nogroup` is the first group of nobody.
      chown(path, 0, 0)
      #expect(objection { try trust.checkDirectory(path, isOwn: true) } == nil)
      chown(path, 0, Self.stranger)
      #expect(objection { try trust.checkDirectory(path, isOwn: true) }?.code == .shared)
      // A group of which the system knows nothing may be anybody's.
      chown(path, 0, 4_000_001)
      #expect(objection { try trust.checkDirectory(path, isOwn: true) }?.code == .shared)
    }
  }

  @Test func `a link is followed through directories that others cannot change, and no others`() async throws {
    try await TemporaryDirectory.with { directory in
      let target = directory.makeDirectory("target")
      directory.makeDirectory("shared")
      symlink(target, directory("link"))
      symlink(target, directory("shared/link"))
      #expect(objection { try trust.checkDirectory(directory("link")) } == nil)
      chmod(directory("shared"), 0o777)
      #expect(objection { try trust.checkDirectory(directory("shared/link")) }?.path == directory("shared"))
      symlink(directory("round"), directory("round"))
      #expect(objection { try trust.checkDirectory(directory("round")) }?.code == .link)
      #expect(objection { try trust.checkDirectory(directory("nowhere")) }?.code == .missing)
    }
  }

  @Test(.requiresRoot) func `what belongs to another user is refused, there and below`() async throws {
    try await TemporaryDirectory.with { directory in
      let path = directory.makeDirectory("theirs/below")
      TestFile.write("x", to: "\(path)/file")
      chown(directory("theirs"), Self.stranger, Self.stranger)
      let found = try #require(objection { try trust.checkFile("\(path)/file") })
      #expect(found.code == .foreign && found.owner == Self.stranger && found.path == directory("theirs"))
      // In a directory like /tmp the files of others are theirs, and ours are ours.
      let shared = directory.makeDirectory("shared")
      chmod(shared, 0o1777)
      TestFile.write("x", to: "\(shared)/ours")
      TestFile.write("x", to: "\(shared)/theirs")
      chown("\(shared)/theirs", Self.stranger, Self.stranger)
      #expect(objection { try trust.checkFile("\(shared)/ours") } == nil)
      #expect(objection { try trust.checkFile("\(shared)/theirs") }?.code == .planted)
    }
  }

  @Test func `a socket is looked at before anything is asked there`() async throws {
    try await TemporaryDirectory.with { directory in
      let place = directory.makeDirectory("place")
      let path = "\(place)/socket"
      #expect(trust.standing(ofSocket: path) == .silent)
      let socket = try #require(ListeningTestSocket(path))
      #expect(trust.standing(ofSocket: path) == .listening(peer: getpid()))
      symlink(path, "\(place)/link")
      guard case .refused(let link) = trust.standing(ofSocket: "\(place)/link") else {
        Issue.record("a link was followed")
        return
      }
      #expect(link.code == .link)
      TestFile.write("x", to: "\(place)/file")
      guard case .refused(let file) = trust.standing(ofSocket: "\(place)/file") else {
        Issue.record("a file was taken for a socket")
        return
      }
      #expect(file.code == .wrongKind)
      socket.close()
      // A child that is just being started has it until its exec.
      try await eventually("the listener's end") { trust.standing(ofSocket: path) == .silent }
      chmod(place, 0o777)
      guard case .refused(let shared) = trust.standing(ofSocket: path) else {
        Issue.record("a directory for everybody was trusted")
        return
      }
      #expect(shared.code == .shared)
    }
  }

  @Test(.requiresRoot) func `a socket of another user is not connected to`() async throws {
    try await TemporaryDirectory.with { directory in
      let path = directory("socket")
      let socket = try #require(ListeningTestSocket(path))
      chown(path, Self.stranger, Self.stranger)
      guard case .refused(let found) = trust.standing(ofSocket: path) else {
        Issue.record("another user's socket was trusted")
        return
      }
      #expect(found.code == .foreign && found.owner == Self.stranger)
      #expect(!socket.hasClient)
      socket.close()
    }
  }
  @Test(.requiresRoot, .requires(executable: "setpriv"), .requires(executable: "perl"))
  func `who listens is asked after connecting, whatever the socket's file says`() async throws {
    try await TemporaryDirectory.with { directory in
      let place = directory.makeDirectory("place")
      chmod(directory.path, 0o711)
      let path = "\(place)/socket"
      let socket = try await StrangersSocket(path)
      withExtendedLifetime(socket) {
        #expect(objection { try trust.checkSocket(path) } == nil)
        guard case .refused(let found) = trust.standing(ofSocket: path) else {
          Issue.record("another user's server was trusted")
          return
        }
        #expect(found.code == .foreign && found.owner == Self.stranger && found.reason.contains("of another user"))
      }
    }
  }
}
