// SPDX-License-Identifier: Apache-2.0

/// What answers the requests: one function for each method, so that a forgotten one does not compile.
///
/// The functions run outside of any actor of the server, several at once. What they throw reaches the
/// client: a ``ControlFailure`` as it is, anything else as ``ControlFailure/failed(message:)``. A
/// client that goes away does not cancel a request that was begun; the server's shutdown does, after its grace. One that
/// waits for its turn asks ``ClientPresence/current`` before it begins.
package protocol ControlHandler: Sendable {
  func handle(_ request: Beat) async throws -> Beat.Reply
  func handle(_ request: Explain) async throws -> Explain.Reply
  func handle(_ request: Health) async throws -> Health.Reply
  func handle(_ request: Lifecycle) async throws -> Lifecycle.Reply
  func handle(_ request: Refresh) async throws -> Refresh.Reply
  func handle(_ request: NoteHold) async throws -> NoteHold.Reply
  func handle(_ request: Reload) async throws -> Reload.Reply
  func handle(_ request: ResetSession) async throws -> ResetSession.Reply
  func handle(_ request: RestartSession) async throws -> RestartSession.Reply
  func handle(_ request: StartSession) async throws -> StartSession.Reply
  func handle(_ request: Status) async throws -> Status.Reply
  func handle(_ request: StopSession) async throws -> StopSession.Reply
  func handle(_ request: Watch) async throws -> ControlStream<Watch.Reply>
}
