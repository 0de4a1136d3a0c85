// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Systemd

struct ListenDescriptorsTests {
  @Test func descriptorsAreFoundByNameAndKind() throws {
    let listening = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    try #require(listening >= 0)
    defer { close(listening) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // Bound to nothing but its family, a socket gets an abstract name of the kernel's choice.
    let bound = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listening, $0, socklen_t(MemoryLayout<sa_family_t>.size))
      }
    }
    try #require(bound == 0 && listen(listening, 1) == 0)
    let pair = try SocketPair()
    let file = open("/dev/null", O_RDONLY)
    defer { close(file) }

    var environment = ServiceEnvironment([:])
    environment.listenDescriptors = [
      .init(descriptor: listening, name: "control"), .init(descriptor: pair.first, name: "control"),
      .init(descriptor: file, name: "agent-a"), .init(descriptor: 1_000_000, name: "control"),
    ]
    let descriptors = ListenDescriptors(environment)

    #expect(descriptors.all.count == 3)
    #expect(descriptors.listeningSockets(named: "control") == [listening])
    #expect(descriptors.listeningSockets(named: "other").isEmpty)
    for descriptor in descriptors.all {
      #expect(fcntl(descriptor.descriptor, F_GETFD) & FD_CLOEXEC != 0)
    }
  }
}
