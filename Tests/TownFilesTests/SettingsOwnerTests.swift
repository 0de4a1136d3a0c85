// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import TownFiles

/// Whose settings are read: they hold commands.
@Suite struct SettingsOwnerTests {
  private func refusal(_ layout: TownLayout) -> TownFileError? {
    do throws(TownFileError) {
      _ = try SettingsFile.load(layout: layout)
      return nil
    } catch {
      return error
    }
  }

  @Test func `settings that another user can write are not read`() async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.makeDirectory("town"))
      directory.makeDirectory("town/mayor")
      TestFile.write("{}", to: layout.settings)
      #expect(refusal(layout) == nil)
      // The file, its directory, and the town's own, which could be given another `mayor`.
      for place in [layout.settings, layout.path("mayor"), layout.root] {
        chmod(place, 0o777)
        let error = try #require(refusal(layout))
        #expect(error.code == .unreadable && error.description.contains("chmod go-w \(place)"), "\(error)")
        chmod(place, 0o755)
        #expect(refusal(layout) == nil)
      }
      if getuid() == 0 {
        chown(layout.settings, 65_534, 65_534)
        #expect(refusal(layout)?.reason.contains("owner 65534") == true)
      }
    }
  }
}
