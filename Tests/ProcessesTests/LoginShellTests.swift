// SPDX-License-Identifier: Apache-2.0

import Processes
import Testing

@Suite struct LoginShellTests {
  @Test(arguments: [
    ("bash", ["-bash"]), ("bash", ["bash"]), ("bash", ["/bin/bash", "-l"]), ("sh", ["sh"]), ("dash", ["-sh"]),
    ("zsh", ["-zsh"]), ("zsh", ["zsh", "-i", "-l"]), ("fish", ["fish", "--login"]), ("nu", ["nu"]),
    ("tcsh", ["-csh"]), ("ksh93", ["-ksh"]), ("bash", ["bash", "--norc", "--noprofile"]),
    ("bash", ["bash", "--rcfile", "/etc/rc"]), ("bash", ["bash", "-o", "vi"]), ("bash", ["bash", "-euo", "pipefail"]),
    ("busybox", ["busybox", "sh"]), ("busybox", ["-sh"]), ("sh", ["busybox", "ash", "-l"]), ("bash", []),
    ("fish", ["fish", "-C", "echo hello"]), ("bash", ["bash", "-s"]), ("bash", ["bash", "--"]),
  ])
  func isBare(name: String, arguments: [String]) {
    #expect(LoginShell.isBare(name: name, arguments: arguments))
  }

  @Test(arguments: [
    ("bash", ["bash", "-c", "claude"]), ("bash", ["bash", "-lc", "claude"]), ("sh", ["sh", "script.sh"]),
    ("claude", ["/bin/sh", "/usr/bin/claude"]), ("node", ["bash"]), ("claude", ["claude"]), ("claude", []),
    ("fish", ["fish", "--command=claude"]), ("nu", ["nu", "--commands", "claude"]), ("bash", ["bash", "--", "x"]),
    ("bash", ["bash", "-o", "vi", "x.sh"]), ("busybox", ["busybox", "vi"]), ("busybox", ["busybox"]),
    ("bash", ["bash", "+x", "script"]), ("node", ["node", "sh"]), ("bashful", ["bashful"]),
  ])
  func runsSomething(name: String, arguments: [String]) {
    #expect(!LoginShell.isBare(name: name, arguments: arguments))
  }
}
