// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing

/// The Debian package of what was built for these tests, in a machine of its own.
@Suite("The package", .requiresSystemd, .requires(executable: "dh"))
struct PackageTests {
  @Test func `README's five commands lead to a supervised agent, and an upgrade costs no agent anything`() async throws
  {
    let source = #filePath
    let root = try #require(source.firstRange(of: "/Tests/System/").map { source[..<$0.lowerBound] })
    let command = Command(
      "\(root)/packaging/test-package", ["--products", Products.tested], deadline: .seconds(400),
      outputLimit: 16 << 20)
    let runner = SystemCommandRunner(environment: ["PATH": TestEnvironment.path, "HOME": "/root"])
    await Turnstile.towns.enter()
    let result: Result<CommandResult, any Error>
    do { result = .success(try await runner.run(command)) } catch { result = .failure(error) }
    await Turnstile.towns.leave()
    let outcome = try result.get()
    print(outcome.output)
    #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
  }
}
