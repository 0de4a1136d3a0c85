// SPDX-License-Identifier: Apache-2.0

/// What `org.varlink.service.GetInfo` answers.
package struct ServiceInformation: Codable, Sendable, Hashable {
  package var vendor: String
  package var product: String
  package var version: String
  package var url: String
  package var interfaces: [String]

  package init(
    vendor: String = "Gas Town",
    product: String = "gastown-daemon",
    version: String,
    url: String = ""
  ) {
    self.vendor = vendor
    self.product = product
    self.version = version
    self.url = url
    interfaces = [ControlInterface.standardName, ControlInterface.name]
  }
}
