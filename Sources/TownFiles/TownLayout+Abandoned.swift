// SPDX-License-Identifier: Apache-2.0

extension TownLayout {
  /// Removes what a daemon or a `gt` that was killed while it replaced a file of the town has left. Files that cannot
  /// be removed do no harm and stay.
  package func removeAbandonedFiles() {
    for directory in [settings, lock, pendingSpawns].map(Disk.parent) + [holds, crashes, history] {
      // Nothing of a town leads our hand elsewhere.
      guard (try? checkBounds(of: "\(directory)/x")) != nil else { continue }
      try? Disk.removeAbandoned(in: directory, sparesLiving: true)
    }
  }
}
