// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Control

struct ListeningSocketTests {
  private func mode(_ path: String) -> mode_t {
    var status = stat()
    lstat(path, &status)
    return status.st_mode & 0o777
  }

  @Test func onlyTheOwnerMayConnect() throws {
    let directory = try SocketDirectory()
    let path = "\(directory.path)/run/s"
    let socket = try ListeningSocket.bind(path)
    defer { close(socket.descriptor) }
    #expect(mode(path) == 0o600)
    #expect(mode("\(directory.path)/run") == 0o700)
    socket.removeFile()
    #expect(access(path, F_OK) != 0)
  }

  @Test func `no socket is made where others may write`() throws {
    let directory = try SocketDirectory()
    chmod(directory.path, 0o777)
    let error = #expect(throws: ListenError.self) { try ListeningSocket.bind(directory.socket) }
    #expect(error?.reason.contains("chmod go-w \(directory.path)") == true)
    #expect(access(directory.socket, F_OK) != 0)
    chmod(directory.path, 0o700)
  }

  @Test func pathIsNotTakenFromOneThatAnswers() throws {
    let directory = try SocketDirectory()
    let socket = try ListeningSocket.bind(directory.socket)
    defer { close(socket.descriptor) }
    let error = #expect(throws: ListenError.self) { try ListeningSocket.bind(directory.socket) }
    #expect(error?.code == .inUse)
  }

  @Test func whatAKilledOneLeftIsReplaced() throws {
    let directory = try SocketDirectory()
    close(try ListeningSocket.bind(directory.socket).descriptor)
    let socket = try ListeningSocket.bind(directory.socket)
    defer { close(socket.descriptor) }
    #expect(try #require(UnixAddress(directory.socket)).isAnswered)
  }

  @Test func fileThatIsNoSocketIsLeftAlone() throws {
    let directory = try SocketDirectory()
    close(open(directory.socket, O_CREAT | O_WRONLY, 0o600))
    let error = #expect(throws: ListenError.self) { try ListeningSocket.bind(directory.socket) }
    #expect(error?.code == .notASocket)
    #expect(access(directory.socket, F_OK) == 0)
  }

  @Test func whoWaitsIsToldThatNobodyWillServe() async throws {
    let directory = try SocketDirectory()
    let socket = try ListeningSocket.bind(directory.socket)
    defer { close(socket.descriptor) }
    let asking = try RawConnection(directory.socket)
    try await asking.send(#"{"method":"org.gastown.Daemon.Beat","parameters":{"town":"/town"}}"# + "\0")
    let silent = try RawConnection(directory.socket)
    PendingClients.refuse(at: socket.descriptor, because: "a \"key\" is wrong")
    for connection in [asking, silent] {
      #expect(
        try await connection.receive()
          == #"{"error":"org.gastown.Daemon.Refused","parameters":{"message":"a \"key\" is wrong"}}"#)
      #expect(try await connection.receive() == nil)
    }
    // The socket itself is as it was.
    #expect(try #require(UnixAddress(directory.socket)).isAnswered)
  }

  @Test func anothersSocketIsNotRemoved() throws {
    let directory = try SocketDirectory()
    let first = try ListeningSocket.bind(directory.socket)
    defer { close(first.descriptor) }
    unlink(directory.socket)
    let second = try ListeningSocket.bind(directory.socket)
    defer { close(second.descriptor) }
    first.removeFile()
    #expect(try #require(UnixAddress(directory.socket)).isAnswered)
  }

  @Test(arguments: [(107, true), (108, false), (4000, false)])
  func pathIsAsLongAsTheKernelAllows(length: Int, isTaken: Bool) throws {
    let directory = try SocketDirectory()
    let path = "\(directory.path)/" + String(repeating: "x", count: length - directory.path.utf8.count - 1)
    if isTaken {
      let socket = try ListeningSocket.bind(path)
      close(socket.descriptor)
      socket.removeFile()
    } else {
      let error = #expect(throws: ListenError.self) { try ListeningSocket.bind(path) }
      #expect(error?.code == .pathTooLong)
      #expect(error?.reason.contains("\(length) bytes") == true)
    }
  }

  @Test func directoryThatCannotBeMadeIsNamed() throws {
    let error = #expect(throws: ListenError.self) { try ListeningSocket.bind("/dev/null/run/s") }
    #expect(error?.code == .system(ENOTDIR))
  }
}

extension UnixAddress {
  /// Whether somebody listens there.
  fileprivate var isAnswered: Bool {
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(probe) }
    return connect(probe) == 0
  }
}
