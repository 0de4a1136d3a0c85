// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// The JSON of the control socket and of the commands that print its replies: one object, its keys
/// sorted, slashes as they are, on one line.
package enum ControlJSON {
  package static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
  }

  package static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    try JSONDecoder().decode(type, from: data)
  }
}
