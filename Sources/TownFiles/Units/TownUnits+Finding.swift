// SPDX-License-Identifier: Apache-2.0

extension TownUnits {
  /// The units of a town, as they are installed now. Where nothing says otherwise: the plain ones.
  ///
  /// They are instances where such a one was installed, is enabled or listens, and where the plain units
  /// are those of another town.
  package static func find(layout: TownLayout, environment: [String: String]) -> TownUnits {
    let plain = plainTown(environment: environment)
    if plain == layout.root { return TownUnits() }
    let instance = TownUnits(instanceOf: layout)
    if instance.isKnown(environment: environment) { return instance }
    guard let plain, Disk.exists(TownLayout(root: plain).townFile) else { return TownUnits() }
    return instance
  }

  /// The town that the plain units name, as a canonical path where it is there; `nil` where there are none, or
  /// what they name cannot be read.
  package static func plainTown(environment: [String: String]) -> String? {
    for directory in directories(environment) {
      guard let bytes = try? Disk.read("\(directory)/gastown-daemon.service", limit: FileLimit.unit) else { continue }
      let town = town(of: String(decoding: bytes, as: UTF8.self), home: environment["HOME"] ?? "")
      return town.map { Disk.canonical($0) ?? $0 }
    }
    return nil
  }

  /// The town in a unit's command line.
  package static func town(of unit: String, home: String) -> String? {
    for line in unit.split(separator: "\n") where line.hasPrefix("ExecStart=") {
      guard let option = line.firstRange(of: " --town ") else { continue }
      return UnitEscaping.word(in: line[option.upperBound...], home: home)
    }
    return nil
  }

  /// Whether this instance was installed, is enabled, or listens.
  private func isKnown(environment: [String: String]) -> Bool {
    Disk.exists(controlSocket(environment: environment))
      || Self.directories(environment).contains { directory in
        Disk.exists("\(directory)/\(daemon).d") || Disk.exists("\(directory)/default.target.wants/\(daemon)")
      }
  }

  /// Where the user manager looks for units, in its order, as far as people and packages put ours there.
  private static func directories(_ environment: [String: String]) -> [String] {
    [
      unitDirectory(environment, isRuntime: false), "/etc/systemd/user", unitDirectory(environment, isRuntime: true),
      "/run/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
    ]
  }

  /// Where `gt daemon install` writes units: the person's own directory, or one that goes with the next boot.
  package static func unitDirectory(_ environment: [String: String], isRuntime: Bool) -> String {
    if isRuntime { return "\(runtimeDirectory(environment))/systemd/user" }
    let configuration = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    return "\(configuration ?? "\(environment["HOME"] ?? "")/.config")/systemd/user"
  }
}
