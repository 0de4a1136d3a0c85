// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#endif

package import Town

/// `daemon/crashes/`: one file for each death, 0600, the newest of which are kept.
package struct CrashCapsules: Sendable {
  private let layout: TownLayout
  private var directory: String { layout.crashes }
  private static let suffix = ".json"

  package init(layout: TownLayout) { self.layout = layout }

  package func path(of id: String) -> String { "\(directory)/\(id)\(CrashCapsules.suffix)" }

  /// Writes a capsule, or writes it anew with more in it.
  ///
  /// - Throws: ``TownFileError``, also where the directory is a symbolic link: nothing of a town may
  ///   lead the daemon's writing elsewhere.
  package func write(_ capsule: CrashCapsule) throws(TownFileError) {
    try checkDirectory()
    try layout.checkBounds(of: path(of: capsule.id))
    try Disk.writeJSON(capsule, to: path(of: capsule.id))
  }

  /// The ids of all capsules, the newest first.
  package func ids() throws(TownFileError) -> [String] {
    try checkDirectory()
    return try Disk.names(in: directory).compactMap(CrashCapsules.id).reversed()
  }

  package func contains(_ id: String) -> Bool { Disk.exists(path(of: id)) }

  /// - Throws: ``TownFileError``, `.missing` where there is none.
  package func read(_ id: String) throws(TownFileError) -> CrashCapsule {
    let path = path(of: id)
    guard !Disk.isLink(path) else {
      throw TownFileError(.unreadable, path: path, reason: "it is a symbolic link, which the daemon did not make")
    }
    return try Disk.readJSON(CrashCapsule.self, from: path, limit: FileLimit.capsule)
  }

  /// Removes what is more than is kept, and what a daemon that was killed while writing has left.
  package func prune() throws(TownFileError) {
    var files: [CapsuleShelf.File] = []
    for name in try Disk.names(in: directory) {
      var status = stat()
      guard lstat("\(directory)/\(name)", &status) == 0 else { continue }
      if CrashCapsules.id(name) != nil { files.append(CapsuleShelf.File(name: name, size: Int64(status.st_size))) }
    }
    try Disk.removeAbandoned(in: directory)
    for name in CapsuleShelf.excess(files) { try Disk.remove("\(directory)/\(name)") }
  }

  private func checkDirectory() throws(TownFileError) {
    guard !Disk.isLink(directory) else {
      throw TownFileError(.unwritable, path: directory, reason: "it is a symbolic link; make it a directory, 0700")
    }
  }

  private static func id(_ name: String) -> String? {
    guard name.hasSuffix(suffix) else { return nil }
    let id = String(name.dropLast(suffix.count))
    return CrashCapsule.session(ofID: id) == nil ? nil : id
  }
}
