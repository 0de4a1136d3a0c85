// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Town

/// What `--json` prints: one object, keys in snake_case, ending in a newline.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  print(printable(json: String(decoding: try encoder.encode(value), as: UTF8.self)))
}
