// SPDX-License-Identifier: Apache-2.0

import Systemd

/// Hands the status line to the service manager, at most once a second; the last one always arrives.
actor StatusReporter {
  private let manager: ServiceManager
  private var limiter = StatusLimiter<ContinuousClock.Instant>()
  private var wait: Task<Void, Never>?

  init(manager: ServiceManager) { self.manager = manager }

  func report(_ status: String) { perform(limiter.offer(status, at: .now)) }

  private func due() {
    wait = nil
    perform(limiter.due(at: .now))
  }

  private func perform(_ action: StatusLimiter<ContinuousClock.Instant>.Action) {
    switch action {
    case .nothing: break
    case .send(let line): manager.post(.status(line))
    case .wait(let until):
      guard wait == nil else { return }
      wait = Task {
        try? await Task.sleep(until: until, clock: .continuous)
        self.due()
      }
    }
  }
}
