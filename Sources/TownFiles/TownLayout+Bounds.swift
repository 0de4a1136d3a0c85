// SPDX-License-Identifier: Apache-2.0

extension TownLayout {
  /// Sees that a file to be written lies within the town. Agents can write wherever their user can, and what they
  /// read may talk them into a lot: a directory that has become a symbolic link must not lead the daemon's own
  /// writing elsewhere. The file itself is always replaced, never written through.
  ///
  /// - Throws: ``TownFileError``, `.unwritable`, that names the directory and where it leads.
  package func checkBounds(of path: String) throws(TownFileError) {
    var directory = Disk.parent(of: path)
    while directory.count > root.count, !Disk.exists(directory) { directory = Disk.parent(of: directory) }
    let place = Disk.canonical(directory)
    if let place, place == root || place.hasPrefix("\(root)/") { return }
    throw TownFileError(
      .unwritable, path: path,
      reason: "a symbolic link at or above \(directory) leads out of the town, to \(place ?? "nowhere"); "
        + "put a directory in its place")
  }
}
