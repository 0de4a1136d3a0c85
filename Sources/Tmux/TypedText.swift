// SPDX-License-Identifier: Apache-2.0

/// Text on its way to a terminal.
package enum TypedText {
  /// `text` without the control characters that a terminal program would act upon, such as the
  /// escape that ends a paste in brackets. Line breaks and tabs stay.
  package static func withoutControls(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars where scalar == "\n" || scalar == "\t" || !isControl(scalar) {
      scalars.append(scalar)
    }
    return String(scalars)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
  }
}
