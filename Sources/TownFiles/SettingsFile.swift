// SPDX-License-Identifier: Apache-2.0

package import Town
import Trust

/// `mayor/daemon.json`: strict, so that a misspelt key is an error and not a wish.
package enum SettingsFile {
  /// The town's settings; the defaults where there is no file.
  ///
  /// - Throws: ``TownFileError`` that names the file, the key and what is allowed.
  package static func load(layout: TownLayout) throws(TownFileError) -> TownSettings {
    try checkOwner(of: layout.settings)
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

  /// Settings of which some cannot be used.
  package struct Remainder: Sendable {
    /// What can be used; the defaults for everything else.
    package var settings: TownSettings
    /// What is wrong with the file; `nil` where all of it can be used.
    package var fault: TownFileError?
    /// Whether the file says which bead store and which tmux server are the town's, or leaves them to be found.
    package var tellsPlaces = true
  }

  /// The town's settings for work that can do without: each key counts that is right by itself.
  package static func loadUsable(layout: TownLayout) -> Remainder {
    do throws(TownFileError) {
      return Remainder(settings: try load(layout: layout))
    } catch {
      guard error.code == .malformed,
        let members = try? Disk.readValue(from: layout.settings, limit: FileLimit.settings).object
      else { return Remainder(settings: TownSettings(), fault: error, tellsPlaces: false) }
      let usable = members.filter { (try? TownSettings(json: .object([$0.key: $0.value]))) != nil }
      return Remainder(
        settings: (try? TownSettings(json: .object(usable))) ?? TownSettings(), fault: error,
        tellsPlaces: ["beads", "tmux_socket"].allSatisfy { usable[$0] != nil || members[$0] == nil })
    }
  }

  /// Settings hold commands. What another user can write is not read.
  private static func checkOwner(of path: String) throws(TownFileError) {
    do throws(PathObjection) {
      try PathTrust().checkFile(path)
    } catch {
      switch error.code {
      case .foreign, .planted, .shared:
        throw TownFileError(
          .unreadable, path: path, reason: "another user could put commands into it that you would run: \(error)")
      // Reading it says what is the matter.
      case .link, .missing, .unreadable, .wrongKind: return
      }
    }
  }
}
