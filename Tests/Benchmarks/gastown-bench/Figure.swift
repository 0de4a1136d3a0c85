// SPDX-License-Identifier: Apache-2.0

/// What a number of samples say.
struct Figure: Codable {
  var median: Double
  var p99: Double
  var lowest: Double
  var highest: Double
  var samples: [Double]

  /// - Precondition: there is at least one sample.
  init(_ samples: [Double]) {
    let sorted = samples.sorted()
    let middle = sorted.count / 2
    median = Figure.rounded(
      sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle])
    // The smallest that at least 99 of 100 do not exceed; of fewer than 100 samples, the highest.
    let rank = (99 * sorted.count + 99) / 100
    p99 = Figure.rounded(sorted[rank - 1])
    lowest = Figure.rounded(sorted[0])
    highest = Figure.rounded(sorted[sorted.count - 1])
    self.samples = samples.map(Figure.rounded)
  }

  private static func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }
}
