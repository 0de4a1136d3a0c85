// SPDX-License-Identifier: Apache-2.0

/// What was measured, a line for each alternative.
struct Table {
  private(set) var results: Results

  init(_ results: Results) {
    self.results = results
    // Not in the order in which they were taken. The order of equals is kept.
    self.results.measurements = Measurement.Kind.allCases.flatMap { kind in
      [Measurement.Store.embedded, .bd].flatMap { store in
        results.measurements.filter { $0.kind == kind && $0.store == store }
      }
    }
  }

  static let heading = ["what", "agents", "ours", "alternative", "its figure", "ours / its", "target", "met"]

  var rows: [[String]] {
    results.measurements.flatMap { measurement in
      measurement.alternatives.enumerated().map { index, alternative in
        let target = index == 0 ? Target(measurement) : nil
        return [
          measurement.kind.words(measurement.store),
          "\(measurement.agents)",
          Table.text(measurement.ours, unit: measurement.unit),
          alternative.name,
          Table.text(alternative.figure, unit: measurement.unit),
          Table.ratio(measurement.ours.median, alternative.figure.median),
          target.map { Table.text($0, unit: measurement.unit) } ?? "",
          target.map { $0.isMet(by: measurement.ours) ? "yes" : "**no**" } ?? "",
        ]
      }
    }
  }

  /// For a terminal.
  func text() -> String {
    let all = ([Table.heading] + rows).map { $0.map { $0.replacing("**", with: "") } }
    let widths = Table.heading.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    let lines = all.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
    }
    return ([machine] + lines + profiles(isMarkdown: false) + failures).joined(separator: "\n")
  }

  func markdown() -> String {
    let lines = ([Table.heading, Table.heading.map { _ in "---" }] + rows).map {
      "| " + $0.joined(separator: " | ") + " |"
    }
    return ([machine, ""] + lines + profiles(isMarkdown: true) + failures.map { "\n" + $0 }).joined(separator: "\n")
  }

  /// Where the time of a death goes.
  private func profiles(isMarkdown: Bool) -> [String] {
    (results.profiles ?? []).flatMap { profile in
      let title = "One death of \(profile.agents), \(profile.store.words), counted from the kill:"
      let phases = profile.phases.map { "- \(Table.text($0.figure, unit: "ms")): \($0.name)" }
      let commands = profile.commands.isEmpty ? "none" : profile.commands.map { "`\($0)`" }.joined(separator: ", ")
      let lines = phases + ["- processes that the daemon starts, until the agent is told to begin: \(commands)"]
      return isMarkdown ? ["", title, ""] + lines : [title] + lines
    }
  }

  /// On what it was measured, in one paragraph.
  var machine: String {
    let machine = results.machine
    return """
      Measured \(machine.date) at commit \(machine.commit) on \(machine.cores) cores of \(machine.processor), \
      \(machine.memory), Linux \(machine.kernel), \(machine.distribution), \(machine.tmux), \(machine.systemd), \
      runit \(machine.runit), bd: \(machine.bd). Load average \(machine.loadBefore) before, \(machine.loadAfter) after\
      \(results.isQuick ? "; a quick run, which shows that it works and not much more" : "").
      """
  }

  private var failures: [String] { results.failures.map { "Not measured: \($0)" } }

  static func text(_ figure: Figure, unit: String) -> String {
    let median = "\(number(figure.median)) \(unit)"
    guard figure.samples.count > 1 else { return median }
    if figure.lowest == figure.highest { return median }
    return figure.samples.count >= 50
      ? "\(median), p99 \(number(figure.p99))" : "\(median) (\(number(figure.lowest)) to \(number(figure.highest)))"
  }

  private static func text(_ target: Target, unit: String) -> String {
    "\(number(target.median)) \(unit)" + (target.p99.map { ", p99 \(number($0))" } ?? "")
  }

  static func ratio(_ ours: Double, _ other: Double) -> String {
    other > 0 ? number(ours / other) : ours > 0 ? "∞" : "1"
  }

  /// Three digits that matter, or all before the point.
  static func number(_ value: Double) -> String {
    let places = value == 0 || abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 1 ? 2 : 3
    let scale = [1.0, 10, 100, 1_000][places]
    let scaled = (value * scale).rounded() / scale
    return scaled == scaled.rounded() ? "\(Int(scaled))" : "\(scaled)"
  }
}

extension Measurement.Kind {
  func words(_ store: Measurement.Store) -> String {
    switch self {
    case .death: "death to new agent" + (store == .bd ? ", `bd`" : "")
    case .mass: "all dead at once, until the last is back"
    case .beatTime: "a beat, \(store == .bd ? "`bd`" : "embedded store")"
    case .beatProcesses: "processes for a beat, \(store == .bd ? "`bd`" : "embedded store")"
    case .idleProcessor: "processor while idle"
    case .idleWakeups: "wake-ups while idle"
    case .anonymousMemory: "memory after these deaths, anonymous"
    case .residentMemory: "memory after these deaths, resident"
    case .freshAnonymousMemory: "memory after a start, anonymous"
    case .freshResidentMemory: "memory after a start, resident"
    case .start: "start to READY, all adopted"
    }
  }
}
