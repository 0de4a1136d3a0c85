// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Town

@Suite struct SharedServersTests {
  @Test(
    arguments: [
      (["/home/x/.local/bin/codex", "app-server", "--listen", "unix://"], true),
      (["node", "--max-old-space-size=4096", "/usr/bin/codex", "app-server"], true),
      (["codex"], false), (["codex", "exec", "do it"], false),
      (["claude", "daemon", "run", "--json"], true), (["claude", "--resume", "daemon"], false),
      (["/usr/bin/dolt", "--data-dir", "/x", "sql-server", "--port", "3306"], true), (["dolt", "sql"], false),
      (["/bin/sh", "/opt/bin/dolt", "sql-server"], true),
      (["bd", "daemon", "--start"], true), (["bd", "list"], false), (["bd", "show", "daemons"], false),
      (["ssh-agent", "-s"], true), (["/usr/bin/gpg-agent", "--supervised"], true),
      (["/usr/bin/dbus-daemon", "--session"], true), (["python3", "-m", "http.server"], false),
      (["sh", "-c", "while :; do sleep 1; done"], false), (["sleep", "ssh-agent"], false), ([], false), ([""], false),
    ])
  func `servers that others use are known by how they were started`(words: [String], isShared: Bool) {
    #expect(SharedServers.has(words) == isShared)
  }
}
