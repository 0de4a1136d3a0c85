// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Town
import TownFiles

/// What a shell offers for a word that names something of the town. A town that cannot be read has nothing to offer.
extension CompletionKind {
  /// Every agent of the town.
  static let agent = CompletionKind.custom { words, _, _ in
    named(in: words) { try AddressBook(layout: $0).addresses() }
  }

  /// The registered rigs.
  static let rig = CompletionKind.custom { words, _, _ in named(in: words, rigs) }

  /// The polecats, as they are added and removed.
  static let polecat = CompletionKind.custom { words, _, _ in
    named(in: words) { layout in
      try rigs(layout).flatMap { rig in
        try Disk.names(in: layout.path("\(rig)/polecats")).sorted().map { "\(rig)/\($0)" }
      }
    }
  }

  /// The possible places of a hold.
  static let holdPlace = CompletionKind.custom { words, _, _ in
    named(in: words) { try ["all"] + rigs($0) + AddressBook(layout: $0).addresses() }
  }

  /// The crash reports, the newest first, and the words for them.
  static let crash = CompletionKind.custom { words, _, _ in
    named(in: words) { try ["last"] + AddressBook(layout: $0).addresses() + CrashCapsules(layout: $0).ids() }
  }

  /// The events, by name.
  static let event = CompletionKind.list(EventKind.allCases.map(\.rawValue).sorted())

  /// The beginning of a new polecat's address.
  static let newPolecat = CompletionKind.custom { words, _, _ in named(in: words) { try rigs($0).map { "\($0)/" } } }

  private static func rigs(_ layout: TownLayout) throws -> [String] {
    try RigRegistry(layout: layout).rigs().map(\.name)
  }

  /// - Parameter words: what stands on the command line: its own `--town` counts.
  private static func named(in words: [String], _ names: (TownLayout) throws -> [String]) -> [String] {
    var town: String?
    if let index = words.lastIndex(of: "--town"), index + 1 < words.count {
      town = words[index + 1]
    } else if let word = words.last(where: { $0.hasPrefix("--town=") }) {
      town = String(word.dropFirst("--town=".count))
    }
    do {
      let layout = try TownLayout.find(
        option: town, environment: TownOptions.environment, workingDirectory: TownOptions.workingDirectory)
      // A name with anything else in it came by no command of ours, and a shell might see more in it than a name.
      return try names(layout).filter { name in
        let isPlain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_/.".contains($0)) }
        return isPlain && !name.hasPrefix("-")
      }
    } catch {
      return []
    }
  }
}
