// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One chart of the picture: a group of bars for each measurement.
struct Panel {
  private struct Bar {
    var series: Int
    var figure: Figure
  }

  private struct Group {
    var label: String
    var bars: [Bar]
  }

  private static let barHeight = 13
  private static let gap = 9
  private static let labelWidth = 104
  private static let figureWidth = 52

  private let title: String
  private let groups: [Group]
  /// Decades, such as -1 for 0.1.
  private let lowest: Int
  private let highest: Int

  init(title: String, measurements: [Measurement]) {
    self.title = title
    let stores = Set(measurements.map(\.store))
    groups = measurements.map { measurement in
      let ours = Bar(series: 0, figure: measurement.ours)
      let others = measurement.alternatives.map { Bar(series: Picture.series($0.name), figure: $0.figure) }
      let store = stores.count > 1 && measurement.store == .bd ? ", bd" : ""
      return Group(
        label: "\(measurement.agents) agent\(measurement.agents == 1 ? "" : "s")\(store)", bars: [ours] + others)
    }
    let figures = groups.flatMap(\.bars).map(\.figure)
    let least = figures.map(\.median).filter { $0 > 0 }.min() ?? 1
    let most = figures.map(\.p99).max() ?? 1
    lowest = min(Int(floor(log10(least))), 0)
    highest = max(Int(ceil(log10(max(most, least)))), lowest + 1)
  }

  var height: Int {
    26 + groups.map { $0.bars.count * Panel.barHeight + Panel.gap }.reduce(0, +) + 16
  }

  func svg(x: Int, y: Int, width: Int) -> String {
    let left = x + Panel.labelWidth
    let length = Double(width - Panel.labelWidth - Panel.figureWidth)
    func position(_ value: Double) -> Double {
      guard value > 0 else { return 0 }
      return min(max((log10(value) - Double(lowest)) / Double(highest - lowest), 0.004), 1) * length
    }
    var parts = [#"<text class="title" x="\#(x)" y="\#(y + 12)">\#(Picture.escaped(title))</text>"#]
    let top = y + 24
    let bottom = y + height - 16
    for decade in lowest...highest {
      let at = text(Double(left) + position(pow(10, Double(decade))))
      parts.append(#"<line class="grid" x1="\#(at)" x2="\#(at)" y1="\#(top)" y2="\#(bottom)"/>"#)
      // Where there are many, not all have room for their figures.
      guard highest - lowest <= 5 || (decade - lowest).isMultiple(of: 2) else { continue }
      let label = Table.number(pow(10, Double(decade)))
      parts.append(#"<text class="quiet" x="\#(at)" y="\#(bottom + 13)" text-anchor="middle">\#(label)</text>"#)
    }
    var place = top + 3
    for group in groups {
      let middle = place + group.bars.count * Panel.barHeight / 2 + 4
      parts.append(#"<text x="\#(x)" y="\#(middle)">\#(group.label)</text>"#)
      for bar in group.bars {
        let end = position(bar.figure.median)
        let tail = bar.figure.samples.count >= 50 ? position(bar.figure.p99) : end
        let line = place + Panel.barHeight / 2
        parts.append(
          #"<rect class="s\#(bar.series)" x="\#(left)" y="\#(place)" width="\#(text(end))" "#
            + #"height="\#(Panel.barHeight - 2)"/>"#)
        if tail > end {
          parts.append(
            #"<line class="line" x1="\#(text(Double(left) + end))" x2="\#(text(Double(left) + tail))" "#
              + #"y1="\#(line)" y2="\#(line)"/>"#)
        }
        parts.append(
          #"<text x="\#(text(Double(left) + tail + 5))" y="\#(place + 10)">"#
            + #"\#(Table.number(bar.figure.median))</text>"#)
        place += Panel.barHeight
      }
      place += Panel.gap
    }
    return parts.joined(separator: "\n")
  }

  private func text(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
  }
}
