// SPDX-License-Identifier: Apache-2.0

/// The interfaces of the control socket: their names, their methods, their description.
package enum ControlInterface {
  /// The interface of the daemon.
  package static let name = "org.gastown.Daemon"

  /// The interface that every varlink service has.
  package static let standardName = "org.varlink.service"

  /// Every method of ``name``, in the order of their names.
  static let routes: [ControlRoute] = [
    ControlRoute(Beat.self) { try await $0.handle($1) },
    ControlRoute(Explain.self) { try await $0.handle($1) },
    ControlRoute(Health.self) { try await $0.handle($1) },
    ControlRoute(Lifecycle.self) { try await $0.handle($1) },
    ControlRoute(NoteHold.self) { try await $0.handle($1) },
    ControlRoute(Refresh.self) { try await $0.handle($1) },
    ControlRoute(Reload.self) { try await $0.handle($1) },
    ControlRoute(ResetSession.self) { try await $0.handle($1) },
    ControlRoute(RestartSession.self) { try await $0.handle($1) },
    ControlRoute(StartSession.self) { try await $0.handle($1) },
    ControlRoute(Status.self) { try await $0.handle($1) },
    ControlRoute(StopSession.self) { try await $0.handle($1) },
    ControlRoute(streaming: Watch.self) { try await $0.handle($1) },
  ]

  /// The routes by the full names of their methods.
  static let routesByName = Dictionary(uniqueKeysWithValues: routes.map { ($0.method, $0) })

  /// What `GetInterfaceDescription` answers for ``name``: the file that is shipped in packaging, byte
  /// for byte.
  package static let description = String(decoding: PackageResources.org_gastown_Daemon_varlink, as: UTF8.self)

  /// What `GetInterfaceDescription` answers for ``standardName``.
  package static let standardDescription = """
    # The interface of every varlink service.
    interface \(standardName)

    # What this service is.
    method GetInfo() -> (
      vendor: string,
      product: string,
      version: string,
      url: string,
      interfaces: []string
    )

    # The description of one interface.
    method GetInterfaceDescription(interface: string) -> (description: string)

    error InterfaceNotFound (interface: string)
    error MethodNotFound (method: string)
    error MethodNotImplemented (method: string)
    error InvalidParameter (parameter: string)
    error PermissionDenied ()
    error ExpectedMore ()

    """
}
