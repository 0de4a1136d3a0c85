// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// How the stand-in is to misbehave: `stand-in-faults.json` in the `.beads` directory, or the same
/// text in the variable `BD_STAND_IN_FAULTS`.
///
///     {"subcommand": "list", "hang": true}
///
/// Without `subcommand` every call is struck, and with `skip` only those after so many. In order: `pid` is a file
/// that the process writes its id to; `gate` is a FIFO, and waits until somebody has opened it for writing and closed
/// it; `noise` goes to standard error before the answer; `delay_ms` waits; `hang` never ends, and ignores SIGTERM
/// where `stubborn` is true; `flood` prints that many megabytes; `signal` is one that the process ends itself with;
/// `stdout` and `stderr` are printed in place of the answer, and `exit` is the status. `silent_write` answers a write
/// without doing it.
struct Faults: Decodable {
  var subcommand: String?
  var skip: Int?
  var pid: String?
  var gate: String?
  var noise: String?
  var delayMilliseconds: Int?
  var hang: Bool?
  var stubborn: Bool?
  var flood: Int?
  var stdout: String?
  var stderr: String?
  var exit: Int32?
  var signal: Int32?
  var silentWrite: Bool?

  private enum CodingKeys: String, CodingKey {
    case subcommand, skip, pid, gate, noise, hang, stubborn, flood, stdout, stderr, exit, signal
    case delayMilliseconds = "delay_ms"
    case silentWrite = "silent_write"
  }

  static func read(from place: Place?) -> Faults {
    let bytes = Place.environment("BD_STAND_IN_FAULTS").map { Array($0.utf8) } ?? place?.read("stand-in-faults.json")
    guard let bytes else { return Faults() }
    do {
      return try JSONDecoder().decode(Faults.self, from: Data(bytes))
    } catch {
      Output.write("bd-stand-in: stand-in-faults.json: \(error)\n", to: 2)
      Glibc.exit(99)
    }
  }

  func applies(to invocation: Invocation) -> Bool { subcommand == nil || subcommand == invocation.subcommand }

  func strike(_ invocation: Invocation, at place: Place?, output: inout Output) {
    guard applies(to: invocation) else { return }
    if let skip, (place?.calls(of: subcommand) ?? 0) <= skip { return }
    if let pid { try? Data("\(getpid())".utf8).write(to: URL(filePath: pid), options: .atomic) }
    if let gate {
      let descriptor = open(gate, O_RDONLY | O_CLOEXEC)
      var byte: UInt8 = 0
      while Glibc.read(descriptor, &byte, 1) < 0, errno == EINTR {}
      close(descriptor)
    }
    if let noise { output.errors += noise }
    if let delayMilliseconds { usleep(UInt32(delayMilliseconds) * 1_000) }
    if hang == true {
      if stubborn == true { Glibc.signal(SIGTERM, SIG_IGN) }
      while true { pause() }
    }
    if let flood {
      let megabyte = String(repeating: "x", count: 1 << 20)
      for _ in 0..<flood { Output.write(megabyte, to: 1) }
    }
    if let signal {
      // The runtime may have a handler of its own for it.
      Glibc.signal(signal, SIG_DFL)
      raise(signal)
    }
    guard stdout != nil || stderr != nil || exit != nil || flood != nil else { return }
    output.text = stdout ?? ""
    output.errors = stderr ?? ""
    output.status = exit ?? 0
    output.finish()
  }
}
