// SPDX-License-Identifier: Apache-2.0

import Town

/// In place of the standard library's, in all of this module: nothing goes to a terminal that could act on it.
func print(_ text: String) { Swift.print(printable(text)) }
