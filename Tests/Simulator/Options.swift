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
  /// After these, towns of two days are made until so many hours more are simulated.
  var longTownHours = 0
  /// A file of seeds that are simulated before all others.
  var seeds: String?
  /// The only incidents that befall the town, by number.
  var kept: [Int]?
  var plant: SeededDefect?
  /// What befalls fresh towns besides; by default as the seed says.
  var extras: Set<Extra>?
  var printsTrace = false

  static let help = """
    gastown-simulate [--seed N] [--towns N] [--hours N] [--agents N] [--town-hours N]
                     [--long-town-hours N] [--seeds FILE] [--keep N,N,…] [--plant NAME] [--with NAME,…] [--trace]

    Simulates towns of agents in virtual time, under the real supervisor, and holds what happens against its promises.
    One town is told of in full: its digest is the same whenever the same seed is run. A town in which a promise is
    broken is run again, made small, and printed with the command that repeats it; the exit status is 1 then.

      --seed N        the first town's seed; the others follow it. By default a fresh one, which is printed
      --towns N       how many towns (default 1, or as many as --town-hours takes)
      --hours N       how long each lasts; by default the seed decides
      --agents N      how many crew and polecats each has; by default the seed decides
      --town-hours N  go on until so many hours are simulated
      --long-town-hours N
                      after these go on with towns of two days, until so many hours more are
      --seeds FILE    first the seeds in this file, one on each line, with its hours behind it where the seed is not
                      to decide, and the names of --with; '#' begins a comment
      --keep N,N,…    of what befalls the town only these incidents, by number, or 'none'
      --plant NAME    with a fault put in: \(SeededDefect.allCases.map(\.rawValue).joined(separator: " "))
      --with NAME,…   what befalls each fresh town besides, or 'none'; by default the seed decides:
                      \(Extra.allCases.map(\.rawValue).joined(separator: " "))
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
      case "--long-town-hours": longTownHours = try Options.number(value, of: option)
      case "--seeds": seeds = value
      case "--keep":
        kept = []
        for part in value.split(separator: ",") where part != "none" {
          kept?.append(try Options.number(String(part), of: option))
        }
      case "--plant":
        guard let found = SeededDefect(rawValue: value) else { throw .unusable("there is no plant '\(value)'") }
        plant = found
      case "--with":
        var named: Set<Extra> = []
        for name in value.split(separator: ",") where name != "none" {
          guard let extra = Extra(rawValue: String(name)) else { throw .unusable("there is no extra '\(name)'") }
          named.insert(extra)
        }
        extras = named
      default: throw .unusable("there is no option '\(option)'")
      }
    }
  }

  private static func number<Number: FixedWidthInteger>(_ text: String, of option: String) throws(Failure) -> Number {
    guard let number = Number(text), number >= 0 else { throw .unusable("\(option) takes a number, not '\(text)'") }
    return number
  }

  /// A town that has not failed before.
  func fresh(_ seed: UInt64, hours: Int?) -> Scenario.Known {
    Scenario.Known(seed, hours: hours, extras: extras ?? Extra.besides(seed: seed))
  }

  func scenario(_ town: Scenario.Known) -> Scenario {
    let scenario = Scenario(seed: town.seed, agents: agents, hours: town.hours, extras: town.extras)
    return kept.map { scenario.keeping($0) } ?? scenario
  }

  /// The command that repeats one town.
  func command(_ town: Scenario.Known, keeping kept: [Int]?) -> String {
    var words = ["make simulate SEED=\(town.seed)"]
    if let hours = town.hours { words.append("HOURS=\(hours)") }
    if let agents { words.append("AGENTS=\(agents)") }
    if let kept { words.append("KEEP=\(kept.isEmpty ? "none" : kept.map(String.init).joined(separator: ","))") }
    let extras = town.extras.map(\.rawValue).sorted()
    words.append("WITH=\(extras.isEmpty ? "none" : extras.joined(separator: ","))")
    if let plant { words.append("PLANT=\(plant.rawValue)") }
    return words.joined(separator: " ")
  }
}
