// SPDX-License-Identifier: Apache-2.0

// What a terminal may be given of text that others have written: names, mail, beads, what is on a screen. None
// of it shall move a cursor, set a title, or turn what a person reads around.

/// `text` in quotes, with everything that could act on a terminal made visible.
package func quotedForDisplay(_ text: String) -> String {
  "'" + displayable(text) + "'"
}

/// `text` with control characters (terminal escapes above all) replaced by U+FFFD.
package func displayable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: result.unicodeScalars.append("\u{FFFD}")
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// `text` as it may go to a terminal whole: as by ``displayable(_:)``, but line breaks, tabs, joiners within a
/// character and changes of colour (`ESC [ … m`) stay.
///
/// The last gate of all output; what is written by others goes through ``displayable(_:)`` besides, so that it has no
/// colours either.
package func printable(_ text: String) -> String {
  let scalars = Array(text.unicodeScalars)
  var result = String.UnicodeScalarView()
  var index = 0
  while index < scalars.count {
    let scalar = scalars[index]
    if let end = endOfColour(scalars, from: index) {
      result.append(contentsOf: scalars[index..<end])
      index = end
      continue
    }
    result.append(isHarmless(scalar) ? scalar : "\u{FFFD}")
    index += 1
  }
  return String(result)
}

/// JSON text with all characters that could act on a terminal as `\u` escapes. JSON has such characters within strings
/// only, where the escape is the same character.
package func printable(json: String) -> String {
  var result = ""
  for scalar in json.unicodeScalars {
    if isHarmless(scalar) {
      result.unicodeScalars.append(scalar)
    } else {
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
  }
  return result
}

private func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar {
  case "\n", "\t", "\u{200D}": true
  default:
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}

/// Where a change of colour ends that begins at `start`; `nil` where none does.
private func endOfColour(_ scalars: [Unicode.Scalar], from start: Int) -> Int? {
  guard scalars[start] == "\u{1B}", start + 1 < scalars.count, scalars[start + 1] == "[" else { return nil }
  var index = start + 2
  while index < scalars.count, scalars[index] == ";" || ("0"..."9").contains(scalars[index]) { index += 1 }
  return index < scalars.count && scalars[index] == "m" ? index + 1 : nil
}
