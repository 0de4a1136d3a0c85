// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import ServiceLifecycle
import Supervision
import Town
import TownFiles

/// Asks for a beat when the town's beads were changed, since there may be mail in them.
struct BeadsWatchService: Service {
  let layout: TownLayout
  let supervisor: Supervisor
  /// The longest pause between two beats that are asked for in this way.
  let longest: Duration
  /// Told where nothing can be watched; the heartbeat reads the mail all the same.
  let complain: @Sendable (String) -> Void

  /// How long a writer is given to finish what it has begun.
  private static let settling: Duration = .milliseconds(100)

  /// How soon a directory that went away is looked for again.
  private static let retry: Duration = .seconds(30)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      // A town without it has the embedded store, to which only `gt` writes; and that tells.
      guard Disk.isDirectory(layout.beads) else { return await rest() }
      var isSaid = false
      while !Task.isCancelled {
        do throws(TownFileError) {
          try await watch()
          isSaid = false
        } catch {
          if !isSaid { complain("changes of the beads are not seen until the next heartbeat: \(error)") }
          isSaid = true
        }
        // It was replaced, or is not there: what is there next is watched as well.
        try? await Task.sleep(for: Self.retry)
      }
    }
  }

  /// A service that ends would take the daemon with it.
  private func rest() async {
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
  }

  private func watch() async throws(TownFileError) {
    let changes = try DirectoryWatch.changes(in: layout.beads)
    var pacer = ChangePacer(longest: longest)
    let clock = ContinuousClock()
    let start = clock.now
    var signature = BeadsSignature(directory: layout.beads)
    for await _ in changes {
      guard (try? await Task.sleep(for: Self.settling)) != nil else { return }
      let found = BeadsSignature(directory: layout.beads)
      guard found != signature else { continue }
      signature = found
      let delay = pacer.delay(at: clock.now - start)
      if delay > .zero, (try? await Task.sleep(for: delay)) == nil { return }
      await supervisor.askBeat()
    }
  }
}
