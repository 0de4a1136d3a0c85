// SPDX-License-Identifier: Apache-2.0

/// Writes JSON as Go's encoder does, indented by two spaces or on one line.
enum JSONText {
  enum Value {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([String])
  }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// An object over several lines; each but the first begins with `indent`.
  static func object(_ members: [(String, Value)], indent: String) -> String {
    let lines = members.map { "\(indent)  \(quoted($0.0)): \(text($0.1, indent: indent + "  "))" }
    return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
  }

  static func array(_ objects: [[(String, Value)]]) -> String {
    if objects.isEmpty { return "[]\n" }
    return "[\n" + objects.map { "  " + object($0, indent: "  ") }.joined(separator: ",\n") + "\n]\n"
  }

  static func line(_ members: [(String, Value)]) -> String {
    "{" + members.map { "\(quoted($0.0)):\(text($0.1, indent: nil))" }.joined(separator: ",") + "}\n"
  }

  private static func text(_ value: Value, indent: String?) -> String {
    switch value {
    case .text(let text): return quoted(text)
    case .number(let number): return String(number)
    case .flag(let flag): return flag ? "true" : "false"
    case .list(let list):
      guard let indent else { return "[" + list.map(quoted).joined(separator: ",") + "]" }
      return "[\n" + list.map { "\(indent)  \(quoted($0))" }.joined(separator: ",\n") + "\n\(indent)]"
    }
  }
}
