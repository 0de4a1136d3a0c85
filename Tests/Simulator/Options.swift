// SPDX-License-Identifier: Apache-2.0

import Simulation

/// What the simulator is to do.
struct Options {
  /// The first seed; by default one that nobody has chosen.
  var seed = UInt64.random(in: 1...999_999_999_999)
  var towns: Int?
  /// How long each lasts; by default as the seed says.
  var hours: Int?
  /// How many crew and polecats each has; by default as the seed says.
  var agents: Int?
  /// Towns are made until this many hours are simulated.
  var townHours: Int?
  /// A file of seeds that are simulated before all others.
  var seeds: String?
  /// The only incidents that befall the town, by number.
  var kept: [Int]?
  var plant: Plant?
  var printsTrace = false

  static let help = """
    gastown-simulate [--seed N] [--towns N] [--hours N] [--agents N] [--town-hours N] [--seeds FILE]
                     [--keep N,N,…] [--plant NAME] [--trace]

    Simulates towns of agents in virtual time, under the real supervisor, and holds what happens against its promises.
    One town is told of in full: its digest is the same whenever the same seed is run. A town in which a promise is
    broken is run again, made small, and printed with the command that repeats it; the exit status is 1 then.

      --seed N        the first town's seed; the others follow it. By default a fresh one, which is printed
      --towns N       how many towns (default 1, or as many as --town-hours takes)
      --hours N       how long each lasts; by default the seed decides
      --agents N      how many crew and polecats each has; by default the seed decides
      --town-hours N  go on until so many hours are simulated
      --seeds FILE    first the seeds in this file, one on each line; '#' begins a comment
      --keep N,N,…    of what befalls the town only these incidents, by number, or 'none'
      --plant NAME    with a fault put in: \(Plant.allCases.map(\.rawValue).joined(separator: " "))
      --trace         print everything that happens
    """

  enum Failure: Error { case wantsHelp, unusable(String) }

  init(_ arguments: some Sequence<String>) throws(Failure) {
    var rest = Array(arguments)[...]
    while let option = rest.popFirst() {
      if option == "--trace" {
        printsTrace = true
        continue
      }
      if option == "--help" || option == "-h" { throw .wantsHelp }
      guard let value = rest.popFirst() else { throw .unusable("\(option) needs a value, or is no option") }
      switch option {
      case "--seed": seed = try Options.number(value, of: option)
      case "--towns": towns = try Options.number(value, of: option)
      case "--hours": hours = try Options.number(value, of: option)
      case "--agents": agents = try Options.number(value, of: option)
      case "--town-hours": townHours = try Options.number(value, of: option)
      case "--seeds": seeds = value
      case "--keep":
        kept = []
        for part in value.split(separator: ",") where part != "none" {
          kept?.append(try Options.number(String(part), of: option))
        }
      case "--plant":
        guard let found = Plant(rawValue: value) else { throw .unusable("there is no plant '\(value)'") }
        plant = found
      default: throw .unusable("there is no option '\(option)'")
      }
    }
  }

  private static func number<Number: FixedWidthInteger>(_ text: String, of option: String) throws(Failure) -> Number {
    guard let number = Number(text), number >= 0 else { throw .unusable("\(option) takes a number, not '\(text)'") }
    return number
  }

  func scenario(_ seed: UInt64) -> Scenario {
    let scenario = Scenario(seed: seed, agents: agents, hours: hours)
    return kept.map { scenario.keeping($0) } ?? scenario
  }

  /// The command that repeats one town.
  func command(_ seed: UInt64, keeping kept: [Int]?) -> String {
    var words = ["make simulate SEED=\(seed)"]
    if let hours { words.append("HOURS=\(hours)") }
    if let agents { words.append("AGENTS=\(agents)") }
    if let kept { words.append("KEEP=\(kept.isEmpty ? "none" : kept.map(String.init).joined(separator: ","))") }
    if let plant { words.append("PLANT=\(plant.rawValue)") }
    return words.joined(separator: " ")
  }
}
