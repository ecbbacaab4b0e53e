import { afterAll, describe, expect, test } from 'bun:test'
import { failing, passing, planText, removeRepositories, repository } from './helpers.ts'
import { inProcess } from './in-process.ts'

afterAll(removeRepositories)

describe('a morning at the command line', () => {
  const repo = repository({
    passes: planText('passes', passing, `tags: ['quick'], schedule: '@daily', params: { n: integer(3, 'How many') },`),
    fails: planText('fails', failing),
    broken: 'export default 3',
    noisy: planText(
      'noisy',
      `plan.step({ name: 'talk', output: v.number(), run: (_, { log, progress }) => { console.log('not for stdout'); log('a line'); progress('half'); return 1 } })`,
    ),
  })
  repo.file('secrets.env', 'ASSAY_N=4\n')
  repo.file(
    'tasks/mine/double.task.ts',
    `import { defineTask, Failure, integer } from 'assay'
export default defineTask({
  name: 'double',
  title: 'Doubles a number',
  options: { n: integer(1, 'the number', { env: 'NUMBER' }) },
  run: async ({ n }, { log }) => { log('doubling'); if (n === 13) throw new Failure('13 is not doubled'); return { twice: 2 * n } },
})
`,
  )

  // In the order of the morning: later ones look at what earlier ones left.
  test.each<[Parameters<typeof inProcess>[0], string, number, RegExp]>([
    ['plan', '', 0, /smoke\n[\s\S]*fails +never run[\s\S]*passes +never run[\s\S]*cannot be loaded\n +broken/],
    ['plan', '--json', 0, /^\{"[\s\S]*"name":"passes"/],
    ['plan', '--help', 0, /--set k=v/],
    ['plan', 'passes --help', 0, /--set n=… +ASSAY_N +How many \(default 3\)/],
    ['plan', 'passes --dry-run', 0, /ask[\s\S]*answered/],
    ['plan', 'passes --set n=2 --csv all.csv --junit all.xml --env-file secrets.env', 0, /passed · 1 step, 1 check/],
    ['plan', 'passes --csv -', 0, /^schema,plan[\s\S]*1,passes/],
    ['plan', 'noisy --json', 0, /^\{"event":"run-started"[\s\S]*"event":"run-ended"[\s\S]*\}\n$/],
    ['plan', 'noisy --verbose --keep --jobs 1 --create-buckets', 0, /talk │ a line/],
    ['plan', 'fails', 1, /✗ second[\s\S]*the model is wrong[\s\S]*failed · 3 steps/],
    ['plan', 'fails --on-fail cat', 1, /failed · 3 steps/],
    ['plan', '--failed', 1, /✗ second/],
    ['plan', 'fails --resume --explain', 1, /because it had failed/],
    ['plan', 'fails --resume --dry-run --explain', 0, /first/],
    ['plan', 'passes --set n=7 --until ask --csv twice.csv', 0, /passed · 1 step/],
    ['plan', 'passes --resume --csv twice.csv', 0, /1 reused[\s\S]*again: .*passes --set n=7/],
    ['plan', 'passes --resume', 0, /Nothing to do/],
    ['plan', 'fails --only first', 0, /passed · 1 step/],
    ['plan', 'fails --until second', 1, /failed/],
    ['plan', 'pass* fail* --skip-tag quick', 1, /failed/],
    ['plan', 'broken passes', 2, /passed · 1 step/],
    ['plan', '--new fresh', 0, /plans\/fresh\.ts/],
    ['plan', 'fresh', 0, /passed/],
    ['plan', '', 0, /passes +passed[\s\S]*fails +failed|fails +failed[\s\S]*passes +passed/],
    ['report', '', 0, /fresh/],
    ['report', '--csv - --explain', 0, /^schema,plan/],
    ['report', '--junit report.xml', 0, /^$/],
    ['report', '--json', 0, /^\{"event":"run-started"/],
    ['report', '--help', 0, /RUN/],
    ['task', '', 0, /double +Doubles a number[\s\S]*stage2/],
    ['task', '--help', 0, /NAME/],
    ['task', 'double --help', 0, /--n[\s\S]*NUMBER/],
    ['task', 'double --n 21', 0, /^\{"twice":42\}\n$/],
    ['task', 'double --n 13', 1, /^$/],
    ['doctor', '', 0, /Bun/],
    ['doctor', '--json', 0, /^\[\{"what":"Bun"/],
    ['noise', '--seconds 1', 0, /smallest change[\s\S]*kept in \.assay\/noise\//],
    ['noise', '--help', 0, /--seconds N/],
    // The broken plan has no schedule that anybody knows.
    ['schedule', '', 2, /passes +@daily +\S+ +no +(\d{4}-\d\d-\d\d 00:00( {2})?){3}\n/],
    ['schedule', '--json', 2, /^\{"plan":"passes","cron":"@daily"/],
    [
      'schedule',
      'install --dry-run --on-fail cat',
      2,
      /^# assay begin[\s\S]*\n0 0 \* \* \* cd .* plan passes --on-fail=cat >>/,
    ],
    ['schedule', 'due --at 2026-11-21T12:00Z', 2, /^(passes\n)?$/],
    ['schedule', 'due --run passes', 0, /^/],
    ['schedule', '--help', 0, /due \[PLAN\]/],
    ['history', '', 0, /fails +\S+ \S+ +\d+ m?s +failed +1 /],
    ['history', 'passes --last 2', 0, /^plan.*\n(passes.*\n){2}$/],
    ['history', '--json', 0, /^\{"plan":"passes","kind":"run"/],
    ['history', '--help', 0, /missed/],
    ['gc', '--keep 1 --dry-run', 0, /runs?/],
    ['gc', '--keep 1', 0, /runs?/],
    ['gc', '--help', 0, /--keep/],
  ])('%s %s → %d', async (command, words, exit, said) => {
    const ran = await inProcess(command, repo.dir, words === '' ? [] : words.split(' '))
    expect(ran.out).toMatch(said)
    expect({ exit: ran.exit, err: ran.exit === exit ? '' : ran.err }).toEqual({ exit, err: '' })
  })

  test('nothing that was not asked for has reached a file or stdout', () => {
    expect(repo.read('all.csv').split('\r\n')[1]).toStartWith('1,passes,smoke,')
    const rows = repo.read('twice.csv').split('\r\n')
    // What the second sitting reused stands there already; what it judged is added.
    expect(rows.map((row) => row.match(/ask,|answered,/)?.[0])).toEqual([
      undefined,
      'ask,',
      'answered,',
      'answered,',
      undefined,
    ])
    expect(repo.read('all.xml')).toContain('<testsuites')
    expect(repo.read('report.xml')).toContain('<testsuites')
  })

  test.each<[Parameters<typeof inProcess>[0], string, RegExp]>([
    ['plan', 'pases', /Did you mean 'passes'\?/],
    ['plan', 'passes --sett n=1', /--set/],
    ['plan', 'passes --set m=1', /must be a parameter: current value is m/],
    ['plan', 'passes --set n=x', /'n' must be a whole number/],
    ['plan', 'passes --jobs 0', /'--jobs' must be a whole number from 1/],
    ['plan', 'passes --csv - --json', /'stdout' must be left to one flag/],
    ['plan', 'passes --only aks', /Did you mean 'ask'\?/],
    ['plan', 'passes --env-file nowhere.env', /'--env-file' must be a file that can be read/],
    ['plan', 'passes --run nope', /nope/],
    ['plan', '--csv x.csv', /'NAME' must be given with --csv/],
    ['plan', '--new passes', /passes/],
    ['plan', '--tag none', /'tag' must be a tag of some plan/],
    ['report', 'nope', /nope/],
    ['task', 'dubble', /Did you mean 'double'\?/],
    ['task', 'double --m 1', /--m/],
    ['task', 'double --n many', /'n' must be a whole number/],
    ['schedule', 'instal', /Did you mean 'install'\?/],
    ['schedule', 'due --at soon', /soon/],
    ['schedule', 'due fails', /'PLAN' must be a plan with a schedule/],
    ['history', 'pases', /Did you mean 'passes'\?/],
    ['history', 'passes fails', /'PLAN' must be one plan or none/],
    ['gc', '--keep soon', /soon/],
  ])('%s %s is one sentence', async (command, words, sentence) => {
    const ran = await inProcess(command, repo.dir, words.split(' '))
    expect(ran.err.trimEnd().split('\n')).toHaveLength(1)
    expect(ran.err).toMatch(sentence)
    expect(ran.exit).toBe(2)
  })
})
