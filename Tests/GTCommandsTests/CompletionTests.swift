// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing
import TownFiles

/// What the shells offer, asked of bash with the script that is installed.
@Suite(.requires(executable: "bash"), .timeLimit(.minutes(2))) struct CompletionTests {
  /// What bash would complete the last word of a line to.
  private func offers(_ town: GTTown, _ line: String) async throws -> Set<String> {
    let script = town.directory("completion.bash")
    if !TestFile.exists(script) {
      TestFile.write(try await town.gt("--generate-completion-script", "bash"), to: script)
    }
    let bin = builtExecutable("gt").split(separator: "/").dropLast().joined(separator: "/")
    let result = try await town.run(
      "bash",
      [
        "-c",
        """
        PATH="$3:$PATH"; source "$1"
        read -ra COMP_WORDS <<<"$2"
        [[ $2 != *' ' ]] || COMP_WORDS+=('')
        COMP_LINE=$2 COMP_POINT=${#2} COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
        words=$(complete -p gt); words=${words#*-F }
        ${words%% *} gt "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}" 2>"$4"
        printf '%s\\n' "${COMPREPLY[@]}"
        """, "bash", script, line, "/\(bin)", town.directory("errors"),
      ])
    try #require(result.succeeded, "\(result.errors)")
    return Set(
      result.output.split(separator: "\n").map { word in String(word.split(separator: " ").first ?? "") })
  }

  @Test func `agents, rigs and polecats of the town are offered where they belong`() async throws {
    try await GTTown.with(rigs: ["alpha", "beta"]) { town in
      try await town.gt("polecat", "add", "alpha/toast")
      try await town.gt("polecat", "add", "beta/nux")
      let agents: Set = [
        "mayor", "deacon", "alpha/witness", "alpha/refinery", "alpha/toast", "beta/witness", "beta/refinery",
        "beta/nux",
      ]
      for line in ["gt session start ", "gt agent show ", "gt why ", "gt daemon logs --agent "] {
        #expect(try await offers(town, line).isSuperset(of: agents), "\(line)")
      }
      #expect(try await offers(town, "gt session stop alpha/t") == ["alpha/toast"])
      #expect(try await offers(town, "gt session check ").isSuperset(of: ["alpha", "beta"]))
      #expect(
        try await offers(town, "gt session hold a") == [
          "all", "alpha", "alpha/witness", "alpha/refinery", "alpha/toast",
        ])
      #expect(try await offers(town, "gt polecat remove alpha") == ["alpha/toast"])
    }
  }

  @Test func `a town that cannot be read has nothing to offer, and nothing to say`() async throws {
    try await GTTown.with(rigs: ["alpha"]) { town in
      TestFile.write("{", to: town.layout.registry)
      #expect(try await offers(town, "gt session stop alpha/t").isEmpty)
      TestFile.write(#"{"version":1,"rigs":{"ok":{},"$(touch x)":{},"a b":{},"-rf":{}}}"#, to: town.layout.registry)
      let rigs = try await offers(town, "gt session check ")
      #expect(rigs.contains("ok") && !rigs.contains { $0.contains("$") || $0 == "a" || $0 == "-rf" })
      #expect(!TestFile.exists("\(town.root)/x"))
    }
  }
}
