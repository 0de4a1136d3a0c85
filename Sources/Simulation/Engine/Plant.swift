// SPDX-License-Identifier: Apache-2.0

internal import Supervision
package import Town

/// A fault of the product that is put in on purpose.
package enum Plant: String, Sendable, Hashable, CaseIterable {
  case respawnKills
  package var policy: Policy { Policy() }
}

/// A town through which the supervisor sees and acts wrongly.
struct PlantedTown: ForwardingTown {
  let town: any TownWorld
  let plant: Plant
  init(_ daemon: SimulatedDaemon, _ plant: Plant) {
    town = daemon
    self.plant = plant
  }
}
