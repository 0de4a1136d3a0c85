// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#endif

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

  static func main() {
    let words = CommandLine.arguments
    guard words.count > 1, words[1] != "--list" else {
      for target in FuzzTarget.all { print(target.name, target.longest) }
      exit(words.count > 1 ? 0 : 64)
    }
    let isStretched = words[1] == "--stretch"
    let name = isStretched ? words.dropFirst(2).first ?? "" : words[1]
    guard let found = FuzzTarget.all.first(where: { $0.name == name }) else {
      complain("gastown-fuzz: no target is called '\(name)'; --list tells them")
      exit(64)
    }
    target = found
    if isStretched { exit(Stretching(target: target, town: town).run(files: Array(words.dropFirst(3)))) }
    var count = CommandLine.argc - 1
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
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
