import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { entry, planText, type Repository, repository } from '../cli/helpers.ts'

/** A repository with one plan, in which `bunx assay` is this checkout's. */
export function tortured(name: string, body: string): Repository {
  const repo = repository({ [name]: planText(name, body) })
  mkdirSync(join(repo.dir, 'node_modules/.bin'))
  chmodSync(entry, 0o755)
  symlinkSync(entry, join(repo.dir, 'node_modules/.bin/assay'))
  return repo
}

/** A service that listens, a step whose programs fork and write, a measure and a check: half a second in all. */
export const honest = `
  const server = plan.use({
    name: 'server',
    async start({ folder, env }) {
      const code = 'const s = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("hello") }); console.log(s.port)'
      const child = Bun.spawn([process.execPath, '-e', code], { cwd: folder, env, stdin: 'pipe', stdout: 'pipe', stderr: 'ignore' })
      const { value } = await child.stdout.getReader().read()
      const url = 'http://127.0.0.1:' + new TextDecoder().decode(value).trim()
      return {
        client: { url },
        detail: url,
        ready: async () => void (await fetch(url)),
        stop: async () => { child.kill(); await child.exited },
      }
    },
  })
  const words = plan.step({
    name: 'programs',
    output: v.object({ lines: v.number() }),
    run: async (_, { $, folder }) => {
      await $\`(for i in 1 2 3 4 5; do echo line $i; sleep 0.03; done > \${folder}/words.txt) & sleep 0.05; wait\`
      return { lines: (await $\`wc -l < \${folder}/words.txt\`).stdout.trim() * 1 }
    },
  })
  const answer = plan.step({
    name: 'ask',
    needs: { server, words },
    output: v.string(),
    run: async ({ server }, { $ }) => {
      await $\`sleep 0.1\`
      return (await fetch(server.url)).text()
    },
  })
  plan.check({
    name: 'all is as it was',
    needs: { words, answer },
    run: ({ words, answer }) => [equal('lines', words.lines, 5), equal('answer', answer, 'hello')],
  })`

/** Its step starts a program that takes off Assay's mark and leaves the tree; unless it is killed, it takes it down again. */
export const leaking = `
  const hidden = plan.step({
    name: 'hides a program',
    output: v.string(),
    run: async (_, { folder }) => {
      const hide = 'ulimit -R unlimited && echo $$ > ' + folder + '/new && mv ' + folder + '/new ' + folder + '/pid && exec sleep 20 >/dev/null 2>&1 </dev/null'
      Bun.spawn(['setsid', '--fork', 'bash', '-c', hide], { env: { PATH: process.env.PATH } })
      while (!(await Bun.file(folder + '/pid').exists())) await Bun.sleep(5)
      return folder + '/pid'
    },
  })
  plan.step({
    name: 'ends it',
    needs: { hidden },
    output: v.number(),
    run: async ({ hidden }, { $ }) => {
      await Bun.sleep(600)
      await $\`kill -KILL \${await Bun.file(hidden).text().then((pid) => pid.trim())} || true\`
      return 1
    },
  })`

/** What this step made is said to be gone whenever it is asked for. */
export const forgetful = `
  const made = plan.step({ name: 'make', output: v.number(), run: () => 1, stillThere: () => false })
  plan.step({ name: 'take', needs: { made }, output: v.number(), run: async () => { await Bun.sleep(300); return 2 } })`

/** Its second step does something to the journal as soon as the run is resumed. */
export const tampering = (change: string) => `
  const made = plan.step({ name: 'make', output: v.number(), run: () => 1 })
  plan.step({
    name: 'tamper',
    needs: { made },
    output: v.number(),
    run: async (_, { folder }) => {
      const { readFileSync, writeFileSync } = await import('node:fs')
      const path = folder + '/../../journal.jsonl'
      const journal = readFileSync(path, 'utf8')
      if (journal.includes('run-resumed')) writeFileSync(path, journal${change})
      await Bun.sleep(300)
      return 2
    },
  })`

/** What its second step makes is another number in a run that was resumed. */
export const noticing = `
  const made = plan.step({ name: 'make', output: v.number(), run: () => 1 })
  plan.step({
    name: 'notice',
    needs: { made },
    output: v.number(),
    run: async (_, { folder }) => {
      await Bun.sleep(300)
      return (await Bun.file(folder + '/../../journal.jsonl').text()).includes('run-resumed') ? 3 : 2
    },
  })`
