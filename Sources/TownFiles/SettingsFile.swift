// SPDX-License-Identifier: Apache-2.0

package import Town

/// `mayor/daemon.json`: strict, so that a misspelt key is an error and not a wish.
package enum SettingsFile {
  /// The town's settings; the defaults where there is no file.
  ///
  /// - Throws: ``TownFileError`` that names the file, the key and what is allowed.
  package static func load(layout: TownLayout) throws(TownFileError) -> TownSettings {
    let json: JSONValue
    do {
      json = try Disk.readValue(from: layout.settings, limit: FileLimit.settings)
    } catch  where error.code == .missing {
      return TownSettings()
    }
    do {
      return try TownSettings(json: json)
    } catch {
      throw TownFileError(.malformed, path: layout.settings, reason: error.description)
    }
  }
}
