// SPDX-License-Identifier: Apache-2.0

import Testing
import Tmux

@Suite struct TmuxServerTests {
  @Test(arguments: [
    ("/run/user/1/s", TmuxServer.path("/run/user/1/s")), ("town", .name("town")), ("default", .default),
    ("./default", .path("./default")),
  ])
  func settingIsRead(setting: String, server: TmuxServer) {
    #expect(TmuxServer(setting: setting) == server)
    #expect(server.description == setting)
  }

  @Test func emptySettingIsNone() {
    #expect(TmuxServer(setting: "") == nil)
  }

  @Test func argumentsNameTheServerOutright() {
    #expect(TmuxServer.path("/a/b").arguments == ["-S", "/a/b"])
    #expect(TmuxServer.name("town").arguments == ["-L", "town"])
    #expect(TmuxServer.default.arguments == ["-L", "default"])
  }

  @Test func socketIsWhereTmuxPutsIt() {
    #expect(TmuxServer.default.socketPath(userID: 1000, temporaryDirectory: nil) == "/tmp/tmux-1000/default")
    #expect(TmuxServer.name("x").socketPath(userID: 0, temporaryDirectory: "") == "/tmp/tmux-0/x")
    #expect(TmuxServer.name("x").socketPath(userID: 7, temporaryDirectory: "/run/t/") == "/run/t/tmux-7/x")
    #expect(TmuxServer.path("/a/b").socketPath(userID: 7, temporaryDirectory: "/run") == "/a/b")
  }
}
