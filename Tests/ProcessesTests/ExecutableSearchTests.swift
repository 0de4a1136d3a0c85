// SPDX-License-Identifier: Apache-2.0

import Commands
import Glibc
import Processes
import TestSupport
import Testing
import Trust

/// Which programs are run by their name.
@Suite struct ExecutableSearchTests {
  @Test func `a program that any user can exchange is not run, by name or by path`() async throws {
    try await TemporaryDirectory.with { directory in
      for part in ["open", "own"] {
        TestFile.write("#!/bin/sh\necho \(part)\n", to: "\(directory.makeDirectory(part))/tool", mode: 0o755)
      }
      TestFile.write("#!/bin/sh\necho harm\n", to: directory("open/other"), mode: 0o755)
      chmod(directory("open"), 0o777)
      let path = "\(directory("open")):\(directory("own")):/usr/bin:/bin"
      #expect(ExecutableSearch.find("tool", path: path) == directory("own/tool"))
      #expect(ExecutableSearch.find("other", path: path) == nil)
      #expect(ExecutableSearch.passedOver("other", path: path)?.path == directory("open"))
      let runner = SystemCommandRunner(environment: ["PATH": path])
      let ran = try await runner.run(Command("tool", deadline: .seconds(60)))
      #expect(ran.output == "own\n")
      let error = await #expect(throws: CommandError.self) {
        _ = try await runner.run(Command("other", deadline: .seconds(60)))
      }
      #expect(error?.reason.contains("may be written to by other users; fix it with: chmod go-w") == true)
      // A path is no better than a name: others decide what is there.
      #expect(ExecutableSearch.find(directory("open/other"), path: path) == nil)
      #expect(ExecutableSearch.passedOver(directory("open/other"), path: path)?.path == directory("open"))
      #expect(ExecutableSearch.find(directory("own/tool"), path: "") == directory("own/tool"))
      // As a program that others may change by itself is.
      chmod(directory("open"), 0o755)
      chmod(directory("open/other"), 0o777)
      #expect(ExecutableSearch.find("other", path: path) == nil)
      chmod(directory("open/other"), 0o755)
      #expect(ExecutableSearch.find("other", path: path) == directory("open/other"))
    }
  }
}
