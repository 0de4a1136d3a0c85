// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Glibc

/// Reads the files of `/proc`, which have no size and may be gone at any time.
enum ProcessFiles {
  /// The largest file that is read, in bytes: a process can make its own words as long as its memory.
  static let largest = 4 << 20

  /// How often something could not be opened that may have been there, for want of descriptors or memory.
  static let misses = Atomic<Int>(0)

  static func noteFailure(_ number: Int32) {
    if [EMFILE, ENFILE, ENOMEM].contains(number) { misses.add(1, ordering: .sequentiallyConsistent) }
  }

  private static func openFile(_ path: String) -> Int32 {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { noteFailure(errno) }
    return descriptor
  }

  private static func openDirectory(_ path: String) -> OpaquePointer? {
    let stream = opendir(path)
    if stream == nil { noteFailure(errno) }
    return stream
  }

  /// The bytes of a file; `nil` where it cannot be opened or read, or is larger than ``largest``.
  static func contents(_ path: String) -> [UInt8]? {
    let descriptor = openFile(path)
    if descriptor < 0 { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        return nil
      }
      guard bytes.count + count <= largest else { return nil }
      bytes += chunk[..<count]
    }
  }

  /// A file of one short line, which the kernel gives in one piece; `nil` where it cannot be opened or read.
  static func line(_ path: String) -> [UInt8]? {
    let descriptor = openFile(path)
    if descriptor < 0 { return nil }
    defer { close(descriptor) }
    var count = -1
    let bytes = [UInt8](unsafeUninitializedCapacity: 1024) { buffer, initialized in
      repeat { count = read(descriptor, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
      initialized = max(count, 0)
    }
    return count < 0 ? nil : bytes
  }

  /// The text of a file; bytes that are not UTF-8 become U+FFFD.
  static func text(_ path: String) -> String? {
    contents(path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The NUL-terminated strings of a file.
  static func strings(_ path: String) -> [String]? {
    guard var bytes = contents(path) else { return nil }
    if bytes.isEmpty { return [] }
    if bytes.last == 0 { bytes.removeLast() }
    return bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The entries of a directory that are decimal numbers; `nil` where it cannot be read.
  static func numbers(in directory: String) -> [Int32]? {
    guard let stream = openDirectory(directory) else { return nil }
    defer { closedir(stream) }
    var numbers: [Int32] = []
    while let entry = readdir(stream) {
      // In place: the kernel's entry is shorter than the type, so a copy would read past its end.
      guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { continue }
      let name = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
      if let number = Int32(String(cString: name)) { numbers.append(number) }
    }
    return numbers
  }

  /// The directories in a directory of the kernel's; `nil` where it cannot be read.
  static func directories(in directory: String) -> [String]? {
    guard let stream = openDirectory(directory) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let raw = UnsafeRawPointer(entry)
      guard let type = MemoryLayout<dirent>.offset(of: \.d_type),
        let offset = MemoryLayout<dirent>.offset(of: \.d_name),
        raw.load(fromByteOffset: type, as: UInt8.self) == UInt8(DT_DIR)
      else { continue }
      let text = String(cString: raw.advanced(by: offset).assumingMemoryBound(to: CChar.self))
      if text != ".", text != ".." { names.append(text) }
    }
    return names
  }

  /// Where a symbolic link points; `nil` where it cannot be read.
  static func destination(of link: String) -> String? {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(link, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
