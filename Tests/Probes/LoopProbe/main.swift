// Run by LoopExecutorTests in a process of its own, because the test runner has its own main
// executor. Without arguments it prints `ok NAME` or `FAILED NAME` per check; `measure [PREFIX]`
// prints what the operations of the loop cost; `start` only installs the loop and ends.
import EggKernel
import Glibc

let loop = try EventLoop.install()

switch CommandLine.arguments.dropFirst().first {
case "start": break
case "measure": measure(on: loop, only: CommandLine.arguments.dropFirst(2).first)
default: check(on: loop, library: CommandLine.arguments.dropFirst().first)
}
