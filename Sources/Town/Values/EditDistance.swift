// SPDX-License-Identifier: Apache-2.0

/// How many letters two words differ by: Levenshtein's distance, in bytes of UTF-8. Of long words the first 200 count.
package func editDistance(_ left: String, _ right: String) -> Int {
  let (left, right) = (Array(left.utf8.prefix(200)), Array(right.utf8.prefix(200)))
  var row = Array(0...right.count)
  for (i, a) in left.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, b) in right.enumerated() {
      let cost = a == b ? diagonal : min(diagonal, row[j], row[j + 1]) + 1
      diagonal = row[j + 1]
      row[j + 1] = cost
    }
  }
  return row[right.count]
}
