// SPDX-License-Identifier: Apache-2.0

/// What is not there is as it is at first: ledgers from before the policy know the attempts only.
extension RestartPolicy: Codable {
  private enum CodingKeys: String, CodingKey {
    case attempts, crashes, exits, parking
    case lastAttempt = "last_attempt"
    case lastEnd = "last_end"
    case exitHook = "exit_hook"
    case commandMissingSince = "command_missing_since"
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    attempts = try container.decodeIfPresent(Int.self, forKey: .attempts) ?? 0
    lastAttempt = try container.decodeIfPresent(Timestamp.self, forKey: .lastAttempt)
    lastEnd = try container.decodeIfPresent(Timestamp.self, forKey: .lastEnd)
    crashes = try container.decodeIfPresent(SlidingWindow.self, forKey: .crashes) ?? SlidingWindow()
    exits = try container.decodeIfPresent(SlidingWindow.self, forKey: .exits) ?? SlidingWindow()
    exitHook = try container.decodeIfPresent(String.self, forKey: .exitHook)
    parking = try container.decodeIfPresent(Parking.self, forKey: .parking)
    commandMissingSince = try container.decodeIfPresent(Timestamp.self, forKey: .commandMissingSince)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(attempts, forKey: .attempts)
    try container.encodeIfPresent(lastAttempt, forKey: .lastAttempt)
    try container.encodeIfPresent(lastEnd, forKey: .lastEnd)
    if !crashes.times.isEmpty { try container.encode(crashes, forKey: .crashes) }
    if !exits.times.isEmpty { try container.encode(exits, forKey: .exits) }
    try container.encodeIfPresent(exitHook, forKey: .exitHook)
    try container.encodeIfPresent(parking, forKey: .parking)
    try container.encodeIfPresent(commandMissingSince, forKey: .commandMissingSince)
  }
}
