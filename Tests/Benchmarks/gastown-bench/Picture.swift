// SPDX-License-Identifier: Apache-2.0

/// The run as one picture: bars on logarithmic scales, ours first in each group.
struct Picture {
  private let panels: [Panel]
  private let caption: String

  init(_ results: Results) {
    let isQuick = results.isQuick
    func of(_ kinds: [Measurement.Kind], _ title: String, least: Int = 0) -> Panel? {
      let found = results.measurements.filter { kinds.contains($0.kind) && (isQuick || $0.agents >= least) }
      return found.isEmpty ? nil : Panel(title: title, measurements: found)
    }
    panels = [
      of([.death], "Death to new agent process, ms (thin line: p99)"),
      of([.beatTime], "Time for a beat, ms", least: 50),
      of([.mass], "All agents dead at once, until the last is back, ms"),
      of([.beatProcesses], "Processes started for a beat", least: 200),
      of([.start], "Start to READY with all agents up; loop: first look, ms"),
      of([.residentMemory], "Memory after these deaths, resident, MB"),
      of([.idleWakeups], "Wake-ups of the supervisor while idle, a minute"),
      of([.idleProcessor], "Processor of the supervisor while idle, ms a minute"),
    ].compactMap { $0 }
    let machine = results.machine
    caption =
      "\(machine.cores) cores of \(machine.processor), Linux \(machine.kernel), \(machine.distribution), "
      + "\(machine.date.prefix(10)). Logarithmic scales; shorter is better."
  }

  private static let width = 920
  private static let columnWidth = 440
  private static let styles: [(name: String, colours: (light: String, dark: String))] = [
    ("gastown-daemon", ("#0969da", "#58a6ff")), ("systemd, RestartSec=0", ("#8c959f", "#8b949e")),
    ("runit", ("#bf8700", "#d29922")), ("shell loop", ("#bc4c00", "#db6d28")),
  ]

  func svg() -> String {
    var body: [String] = []
    var place = 72
    for start in stride(from: 0, to: panels.count, by: 2) {
      var height = 0
      for (column, panel) in panels[start..<min(start + 2, panels.count)].enumerated() {
        body.append(panel.svg(x: 20 + column * Picture.columnWidth, y: place, width: Picture.columnWidth - 20))
        height = max(height, panel.height)
      }
      place += height + 18
    }
    var legend = ""
    var x = 20
    for (index, style) in Picture.styles.enumerated() {
      legend += #"<rect class="s\#(index)" x="\#(x)" y="34" width="12" height="12"/>"#
      legend += #"<text x="\#(x + 18)" y="44">\#(Picture.escaped(style.name))</text>"#
      x += 46 + style.name.count * 7
    }
    let height = place + 24
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Picture.width) \(height)" width="\(Picture.width)" \
      height="\(height)" role="img">
      <title>Benchmarks of gastown-daemon and of what people would use instead</title>
      <style>
      \(Picture.style)
      </style>
      <rect class="page" width="\(Picture.width)" height="\(height)" rx="6"/>
      <text class="heading" x="20" y="24">gastown-daemon beside its alternatives</text>
      \(legend)
      \(body.joined(separator: "\n"))
      <text class="quiet" x="20" y="\(height - 14)">\(Picture.escaped(caption))</text>
      </svg>

      """
  }

  /// Colours for both: a browser asks what the reader prefers.
  private static var style: String {
    func colours(_ side: (((light: String, dark: String)) -> String)) -> String {
      styles.enumerated().map { ".s\($0){fill:\(side($1.colours))}" }.joined()
    }
    return """
      text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#1f2328}
      .heading{font-size:16px;font-weight:600}.title{font-weight:600}.quiet{fill:#59636e;font-size:11px}
      .page{fill:#ffffff}.line{stroke:#1f2328;stroke-width:1}.grid{stroke:#d1d9e0;stroke-width:1}
      \(colours(\.light))
      @media (prefers-color-scheme: dark){text{fill:#e6edf3}.quiet{fill:#9198a1}.page{fill:#0d1117}\
      .line{stroke:#e6edf3}.grid{stroke:#3d444d}\(colours(\.dark))}
      """
  }

  static func series(_ name: String) -> Int { styles.firstIndex { $0.name == name } ?? 0 }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
