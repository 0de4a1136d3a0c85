// SPDX-License-Identifier: Apache-2.0

/// A strict reader of varlink's interface definition language, written from its grammar: what it takes,
/// every tool takes.
struct VarlinkIDL: Sendable {
  indirect enum Kind: Equatable, Sendable {
    case bool, int, float, string, object
    case named(String)
    case structure([Field])
    case enumeration([String])
    case array(Kind)
    case dictionary(Kind)
    case nullable(Kind)
  }

  struct Field: Equatable, Sendable {
    var name: String
    var kind: Kind
  }

  struct Method: Equatable, Sendable {
    var input: [Field]
    var output: [Field]
  }

  struct Malformed: Error { var description: String }

  private(set) var interface = ""
  private(set) var types: [String: Kind] = [:]
  private(set) var methods: [String: Method] = [:]
  private(set) var errors: [String: [Field]] = [:]
  private var rest: Substring

  init(_ text: String) throws {
    rest = text[...]
    skip()
    try expect("interface")
    interface = try match(/[A-Za-z]([-]*[A-Za-z0-9])*(\.[A-Za-z0-9]([-]*[A-Za-z0-9])*)+/, "an interface's name")
    while true {
      skip()
      if rest.isEmpty { break }
      let keyword = try match(/type|method|error/, "type, method or error")
      skip()
      let name = try match(/[A-Z][A-Za-z0-9]*/, "a name that begins with a capital")
      guard types[name] == nil, methods[name] == nil, errors[name] == nil else {
        throw Malformed(description: "\(name) is there twice")
      }
      switch keyword {
      case "type": types[name] = try structureOrEnumeration()
      case "error": errors[name] = try structure()
      default:
        let input = try structure()
        try expect("->")
        methods[name] = Method(input: input, output: try structure())
      }
    }
    guard !methods.isEmpty || !types.isEmpty || !errors.isEmpty else { throw Malformed(description: "no members") }
    for kind in types.values { try check(kind) }
    let structures = methods.values.flatMap { [$0.input, $0.output] } + Array(errors.values)
    for field in structures.joined() { try check(field.kind) }
  }

  /// Every type that is named is there.
  private func check(_ kind: Kind) throws {
    switch kind {
    case .named(let name): if types[name] == nil { throw Malformed(description: "there is no type \(name)") }
    case .structure(let fields): for field in fields { try check(field.kind) }
    case .array(let kind), .dictionary(let kind), .nullable(let kind): try check(kind)
    case .bool, .int, .float, .string, .object, .enumeration: break
    }
  }

  private mutating func structureOrEnumeration() throws -> Kind {
    skip()
    var probe = self
    try probe.expect("(")
    probe.skip()
    _ = try? probe.match(/[A-Za-z](_?[A-Za-z0-9])*/, "")
    probe.skip()
    if probe.rest.first == ":" || probe.rest.first == ")" { return .structure(try structure()) }
    try expect("(")
    var cases: [String] = []
    repeat {
      skip()
      cases.append(try match(/[A-Za-z](_?[A-Za-z0-9])*/, "a case"))
    } while take(",")
    try expect(")")
    return .enumeration(cases)
  }

  private mutating func structure() throws -> [Field] {
    try expect("(")
    if take(")") { return [] }
    var fields: [Field] = []
    repeat {
      skip()
      let name = String(try match(/[A-Za-z](_?[A-Za-z0-9])*/, "a field's name"))
      guard !fields.contains(where: { $0.name == name }) else { throw Malformed(description: "\(name) twice") }
      try expect(":")
      fields.append(Field(name: name, kind: try kind()))
    } while take(",")
    try expect(")")
    return fields
  }

  private mutating func kind() throws -> Kind {
    if take("?") {
      let inner = try kind()
      if case .nullable = inner { throw Malformed(description: "nullable twice") }
      return .nullable(inner)
    }
    if take("[]") { return .array(try kind()) }
    if take("[string]") { return .dictionary(try kind()) }
    skip()
    if rest.first == "(" { return try structureOrEnumeration() }
    switch try match(/[A-Za-z][A-Za-z0-9]*/, "a type") {
    case "bool": return .bool
    case "int": return .int
    case "float": return .float
    case "string": return .string
    case "object": return .object
    case let name where name.first?.isUppercase == true: return .named(name)
    case let name: throw Malformed(description: "no type: \(name)")
    }
  }

  /// Blanks, line ends and comments.
  private mutating func skip() {
    while let first = rest.first, first.isWhitespace || first == "#" {
      if first == "#" { rest = rest.drop { !$0.isNewline } } else { rest = rest.dropFirst() }
    }
  }

  private mutating func take(_ token: String) -> Bool {
    skip()
    guard rest.hasPrefix(token) else { return false }
    rest = rest.dropFirst(token.count)
    return true
  }

  private mutating func expect(_ token: String) throws {
    guard take(token) else { throw Malformed(description: "'\(token)' is expected before: \(rest.prefix(40))") }
  }

  private mutating func match(_ pattern: Regex<some Any>, _ what: String) throws -> String {
    skip()
    guard let found = try pattern.prefixMatch(in: rest) else {
      throw Malformed(description: "\(what) is expected before: \(rest.prefix(40))")
    }
    let text = String(rest[found.range])
    rest = rest[found.range.upperBound...]
    return text
  }
}
