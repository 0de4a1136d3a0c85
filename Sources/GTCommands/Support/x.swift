enum GTCommand { static func main() {} ; static let n = PackageResources.gastown_daemon_service.count }
