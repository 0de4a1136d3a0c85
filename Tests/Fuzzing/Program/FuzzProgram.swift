// SPDX-License-Identifier: Apache-2.0

import Glibc

/// libFuzzer's own loop, from the fuzzer's runtime library.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// `gastown-fuzz TARGET [options and files of libFuzzer]`. `Tests/Fuzzing/run` is how people call it.
@main
enum FuzzProgram {
  // Set before the fuzzer's loop begins, and read by its one thread.
  nonisolated(unsafe) private static var target = FuzzTarget.all[0]
  nonisolated(unsafe) private static var town = ScratchTown()

  /// Has the name of the target, for the processes of its own that libFuzzer starts.
  private static let variable = "GASTOWN_FUZZ_TARGET"

  static func main() {
    if let name = getenv(variable).map({ String(cString: $0) }) {
      target = find(name)
      run(CommandLine.argc, CommandLine.unsafeArgv)
    }
    let words = CommandLine.arguments
    switch words.dropFirst().first {
    case nil, "--list":
      for target in FuzzTarget.all { print(target.name, target.longest) }
    case "--stretch":
      target = find(words.dropFirst(2).first ?? "")
      exit(Stretching(target: target, town: town).run(files: Array(words.dropFirst(3))))
    case let name?:
      target = find(name)
      setenv(variable, name, 1)
      // The program's own name again, then what is libFuzzer's.
      CommandLine.unsafeArgv[1] = CommandLine.unsafeArgv[0]
      run(CommandLine.argc - 1, CommandLine.unsafeArgv + 1)
    }
  }

  private static func find(_ name: String) -> FuzzTarget {
    guard let found = FuzzTarget.all.first(where: { $0.name == name }) else {
      complain("gastown-fuzz: no target is called '\(name)'; --list tells them")
      exit(64)
    }
    return found
  }

  private static func run(_ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Never {
    var count = count
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = words
    exit(
      runFuzzer(&count, &arguments) { data, size in
        FuzzProgram.test(Array(UnsafeBufferPointer(start: data, count: size)))
        return 0
      })
  }

  private static func complain(_ words: String) {
    let line = Array("\(words)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
  }

  private static func test(_ input: [UInt8]) {
    do {
      try target.run(input, in: town)
    } catch {
      complain("\(target.name): \(error)")
      abort()
    }
  }
}
