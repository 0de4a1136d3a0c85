// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Town

/// Reads which databases a town with `.beads` has. `routes.jsonl` is never written.
enum BdRoutesFile {
  /// The most routes that are followed, and the most problems that are reported: a town has few.
  static let mostRoutes = 1_000
  static let mostProblems = 20

  private struct Line: Decodable {
    var prefix: String
    var path: String
  }

  /// The routes of the town at `townRoot`, an absolute path.
  static func read(townRoot: String) -> BeadRoutes {
    let own = BeadDatabase(name: ".", path: beadsDirectory(in: townRoot) ?? "\(townRoot)/.beads")
    let file = "\(own.path)/routes.jsonl"
    let bytes: [UInt8]
    do throws(SmallFile.Failure) {
      bytes = try SmallFile.read(file) ?? []
    } catch {
      return BeadRoutes(own: own, problems: [error.description])
    }
    var result = BeadRoutes(own: own)
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t") }) {
        continue
      }
      if line.first == UInt8(ascii: "#") { continue }
      if result.routes.count >= mostRoutes {
        result.problems.append("\(file): from line \(index + 1) on it is not read: more than \(mostRoutes) routes")
        break
      }
      guard let route = try? JSONDecoder().decode(Line.self, from: Data(line)), !route.prefix.isEmpty,
        !route.path.isEmpty
      else {
        if result.problems.count < mostProblems {
          result.problems.append("\(file): line \(index + 1) is not a route, so some databases may not be known")
        }
        continue
      }
      // Joined as bd joins it: an absolute path, too, is taken to lie below the town.
      let directory = route.path == "." ? townRoot : "\(townRoot)/\(route.path)"
      let database = beadsDirectory(in: directory)
        .map { $0 == own.path ? own : BeadDatabase(name: route.path, path: $0) }
      result.routes.append(BeadRoutes.Route(prefix: route.prefix, path: route.path, database: database))
    }
    return result
  }

  /// The canonical path of a directory's `.beads`, after its `redirect` where it has one: two
  /// routes to one database must not make two databases of it.
  private static func beadsDirectory(in directory: String) -> String? {
    guard let beads = SmallFile.canonical("\(directory)/.beads"), isDirectory(beads) else { return nil }
    guard let bytes = try? SmallFile.read("\(beads)/redirect", limit: 65_536) else { return beads }
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard let target = lines.map({ $0.trimmingWhitespace }).first(where: { !$0.isEmpty && !$0.hasPrefix("#") }) else {
      return beads
    }
    let path = target.hasPrefix("/") ? target : "\(directory)/\(target)"
    guard let redirected = SmallFile.canonical(path), isDirectory(redirected) else { return beads }
    return redirected
  }

  private static func isDirectory(_ path: String) -> Bool {
    (try? SmallFile.kind(of: path)) == .directory
  }
}
