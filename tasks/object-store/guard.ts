/**
 * Runs the command that follows and ends it when its own standard input ends or it is told to stop:
 * `bun guard.ts rustfs server …`. For servers that would outlive whoever started them.
 */
const child = Bun.spawn(process.argv.slice(2), { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' })
let stopping = false
const stop = () => {
  if (stopping) return
  stopping = true
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGKILL'), 3000).unref()
}
// Ctrl-C reaches the whole terminal; whoever started us decides when we end.
process.on('SIGINT', () => {})
process.on('SIGTERM', stop)
process.stdin.on('end', stop).on('error', stop)
process.stdin.resume()
void child.exited.then(() => process.exit(child.exitCode ?? 1))

// A module, so that its names are its own.
export {}
