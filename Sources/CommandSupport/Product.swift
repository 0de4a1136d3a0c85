// SPDX-License-Identifier: Apache-2.0

/// What is built here.
package enum Product {
  /// Of both programs and of the package.
  package static let version = "0.1.0"
}
