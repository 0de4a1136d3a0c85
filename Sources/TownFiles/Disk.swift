// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
package import Town
import Glibc

/// Reading and writing small files whole. All of the town's files are small and local.
package enum Disk {
  /// The largest file that is read where nothing else is said, in bytes. For a town's files see ``FileLimit``.
  package static let largestFile = 16 << 20

  /// The whole file.
  ///
  /// - Parameter limit: how large it may be, in bytes.
  /// - Throws: ``TownFileError``, `.missing` where there is none. A link that leads nowhere is there and cannot be
  ///   read: what it stands for may be on a disk that is not mounted.
  package static func read(_ path: String, limit: Int = largestFile) throws(TownFileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let code = errno
      guard code == ENOENT else { throw TownFileError(.unreadable, path: path, reason: reason(code)) }
      if let link = lostLink(to: path) {
        throw TownFileError(.unreadable, path: path, reason: "\(link) is a symbolic link that leads nowhere")
      }
      throw TownFileError(.missing, path: path, reason: reason(code))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw TownFileError(.unreadable, path: path, reason: reason(errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw TownFileError(.unreadable, path: path, reason: "it is not a regular file")
    }
    guard status.st_size <= limit else {
      throw TownFileError(.unreadable, path: path, reason: "it is larger than \(limit) bytes")
    }
    var content: [UInt8] = []
    content.reserveCapacity(Int(status.st_size))
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw TownFileError(.unreadable, path: path, reason: reason(errno))
      }
      if count == 0 { return content }
      content.append(contentsOf: buffer[..<count])
      guard content.count <= limit else {
        throw TownFileError(.unreadable, path: path, reason: "it is larger than \(limit) bytes")
      }
    }
  }

  /// Replaces the file by `content` in one step: a reader sees the old file or the new one, and a
  /// failure leaves the old one as it was. The new file is 0600.
  package static func write(_ content: [UInt8], to path: String) throws(TownFileError) {
    try makeDirectory(parent(of: path))
    let temporary = "\(path).\(getpid()).\(String(UInt64.random(in: .min ... .max), radix: 36)).new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw TownFileError(.unwritable, path: path, reason: reason(errno)) }
    var failure: Int32 = 0
    var offset = 0
    content.withUnsafeBytes { bytes in
      while offset < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: offset), bytes.count - offset)
        if count < 0 {
          if errno == EINTR { continue }
          failure = errno
          return
        }
        offset += count
      }
    }
    if close(descriptor) != 0, failure == 0 { failure = errno }
    if failure == 0 { FaultPoint.fileWritten.pass(of: path) }
    if failure == 0, rename(temporary, path) != 0 { failure = errno }
    guard failure == 0 else {
      unlink(temporary)
      throw TownFileError(.unwritable, path: path, reason: reason(failure))
    }
  }

  /// As ``write(_:to:)``, with the mode of the file that is replaced, where there is one.
  package static func rewrite(_ content: [UInt8], to path: String) throws(TownFileError) {
    var status = stat()
    let hasMode = stat(path, &status) == 0
    try write(content, to: path)
    guard !hasMode || chmod(path, status.st_mode & 0o777) == 0 else {
      throw TownFileError(.unwritable, path: path, reason: "its mode cannot be kept: \(reason(errno))")
    }
  }

  /// Makes a directory, 0700, and its parents. One that is there already is left as it is.
  package static func makeDirectory(_ path: String) throws(TownFileError) {
    if path.isEmpty || isDirectory(path) { return }
    try makeDirectory(parent(of: path))
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw TownFileError(.unwritable, path: path, reason: "the directory cannot be made: \(reason(errno))")
    }
  }

  /// Makes a directory, 0700, which no other process has made.
  ///
  /// - Returns: `false` where something of the name is there already.
  package static func makeNewDirectory(_ path: String) throws(TownFileError) -> Bool {
    try makeDirectory(parent(of: path))
    if mkdir(path, 0o700) == 0 { return true }
    guard errno == EEXIST else {
      throw TownFileError(.unwritable, path: path, reason: "the directory cannot be made: \(reason(errno))")
    }
    return false
  }

  /// The names in a directory, sorted; `[]` where there is no such directory. A link that leads nowhere is no answer.
  package static func names(in path: String) throws(TownFileError) -> [String] {
    guard let stream = opendir(path) else {
      let code = errno
      guard code == ENOENT else { throw TownFileError(.unreadable, path: path, reason: reason(code)) }
      guard let link = lostLink(to: path) else { return [] }
      throw TownFileError(.unreadable, path: path, reason: "\(link) is a symbolic link that leads nowhere")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = Glibc.readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  package static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Why nothing can be written into a directory; `nil` where it can, as far as that shows beforehand.
  package static func obstacle(toWritingIn path: String) -> String? {
    access(path, W_OK | X_OK) == 0 ? nil : reason(errno)
  }

  /// Whether this is a symbolic link, wherever it leads.
  package static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// The symbolic link, at or above a path where nothing is, that leads nowhere; `nil` where there is none, so that the
  /// path is truly missing.
  private static func lostLink(to path: String) -> String? {
    var place = path
    var status = stat()
    while !place.isEmpty, stat(place, &status) != 0 {
      if isLink(place) { return place }
      place = parent(of: place)
    }
    return nil
  }

  package static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Removes a file; one that is gone already is no error.
  package static func remove(_ path: String) throws(TownFileError) {
    guard unlink(path) == 0 || errno == ENOENT else {
      throw TownFileError(.unwritable, path: path, reason: "it cannot be removed: \(reason(errno))")
    }
  }

  /// Removes a directory in which nothing is left; any other stays.
  package static func removeEmptyDirectory(_ path: String) { rmdir(path) }

  /// Renames a file within its file system.
  package static func move(_ path: String, to target: String) throws(TownFileError) {
    guard rename(path, target) == 0 else {
      throw TownFileError(.unwritable, path: path, reason: "it cannot be moved to \(target): \(reason(errno))")
    }
  }

  /// The path with symbolic links resolved; `nil` where it does not exist.
  package static func canonical(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  package static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The size of an open file that is written in place.
  ///
  /// - Throws: ``TownFileError`` where it is not a regular file, or has another name: a hard link to a file of a person's
  ///   would have that written.
  static func sizeOfOwn(_ descriptor: Int32, path: String) throws(TownFileError) -> Int64 {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw TownFileError(.unwritable, path: path, reason: "it is not a regular file")
    }
    guard status.st_nlink == 1 else {
      throw TownFileError(
        .unwritable, path: path,
        reason: "it has \(status.st_nlink) names (hard links), and may be another file: remove this name (rm \(path))")
    }
    return Int64(status.st_size)
  }

  static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}

extension Disk {
  /// A JSON file's value.
  ///
  /// - Parameter limit: how large the file may be, in bytes.
  /// - Throws: ``TownFileError``, `.malformed` where it does not hold such a value.
  package static func readJSON<Value: Decodable>(
    _ type: Value.Type, from path: String, limit: Int = largestFile
  ) throws(TownFileError) -> Value {
    let content = try read(path, limit: limit)
    do {
      return try JSONDecoder().decode(type, from: Data(content))
    } catch {
      throw TownFileError(.malformed, path: path, reason: "it is not the expected JSON: \(brief(error))")
    }
  }

  /// The content of a JSON file, of any form.
  ///
  /// - Parameter limit: how large the file may be, in bytes.
  /// - Throws: ``TownFileError``, `.malformed` where it is no JSON.
  package static func readValue(from path: String, limit: Int = largestFile) throws(TownFileError) -> JSONValue {
    let content = try read(path, limit: limit)
    do throws(JSONError) {
      return try JSONValue(json: content)
    } catch {
      throw TownFileError(.malformed, path: path, reason: "it is not JSON: \(error)")
    }
  }

  /// Replaces a JSON file, keys sorted, ending in a newline.
  package static func writeJSON(_ value: some Encodable, to path: String) throws(TownFileError) {
    try write(try json(value, for: path), to: path)
  }

  /// What ``writeJSON(_:to:)`` writes.
  static func json(_ value: some Encodable, for path: String) throws(TownFileError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    } catch {
      throw TownFileError(.unwritable, path: path, reason: "it cannot be encoded: \(error)")
    }
  }

  /// In one line, however hostile the file is.
  private static func brief(_ error: any Error) -> String {
    let words = String(words(error).prefix(1_000))
    return displayable(words)
  }

  private static func words(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    let context: DecodingError.Context
    switch error {
    case .dataCorrupted(let found), .keyNotFound(_, let found), .typeMismatch(_, let found),
      .valueNotFound(_, let found):
      context = found
    @unknown default: return "\(error)"
    }
    let place = context.codingPath.map(\.stringValue).joined(separator: ".")
    return place.isEmpty ? context.debugDescription : "\(place): \(context.debugDescription)"
  }
}
