/** The SHA-256 of everything that digest.ts draws or augments, made in a process of its own. */
export async function runDigest(what: 'samples' | 'augment', seed: number): Promise<string> {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/digest.ts`, what, String(seed)], { stderr: 'inherit' })
  const printed = await new Response(child.stdout).text()
  if ((await child.exited) !== 0) throw new Error(`digest.ts ended with ${child.exitCode}`)
  return printed.trim()
}
