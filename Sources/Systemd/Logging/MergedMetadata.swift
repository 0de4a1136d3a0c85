// SPDX-License-Identifier: Apache-2.0

import Logging

/// The metadata of one event: the handler's own, over it the provider's, over it the event's, and the
/// event's error.
enum MergedMetadata {
  static func of(
    _ event: LogEvent, handler: Logger.Metadata, provider: Logger.MetadataProvider?
  ) -> [(key: String, value: String)] {
    var metadata = handler
    if let provided = provider?.get(), !provided.isEmpty { metadata.merge(provided) { $1 } }
    if let own = event.metadata, !own.isEmpty { metadata.merge(own) { $1 } }
    if let error = event.error { metadata["error"] = "\(error)" }
    return metadata.map { (key: $0.key, value: $0.value.description) }.sorted { $0.key < $1.key }
  }
}
