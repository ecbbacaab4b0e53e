import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import fc from 'fast-check'
import * as v from 'valibot'
import type { RunEvent } from '../../../lib/record/event.ts'
import { junitXml } from '../../../lib/report/junit.ts'
import { anyJournal, recorded, runEnded, started, stepEnded, stepStarted } from './events.ts'
import { can, inFolder, outside, without } from './outside.ts'

const everything = recorded(
  started([
    ['service', 'store'],
    ['step', 'upload'],
    ['check', 'valid & whole'],
    ['measure', 'speed'],
    ['step', 'publish'],
    ['check', 'published'],
    ['step', 'slow'],
  ]),
  stepEnded('upload', 'passed'),
  stepEnded('valid & whole', 'failed', {
    duration: 0.25,
    findings: [
      { name: 'objects', verdict: 'fail', expected: 12, actual: { keys: ['a', 'b'] } },
      { name: 'manifest', verdict: 'pass' },
      { name: 'order', verdict: 'undecided', reason: 'the store tells none' },
    ],
  }),
  stepEnded('speed', 'failed', {
    reason: 'rate: expected at least 4 img/s, found 2 to 3 in 2 samples',
    metrics: [{ name: 'rate', unit: 'img/s', better: 'higher', samples: [2, 3], low: 4, verdict: 'fail' }],
  }),
  stepEnded('publish', 'errored', { reason: 'no "bucket" <b>', stack: 'Error: no bucket\n    at publish (a.ts:1:2)' }),
  stepEnded('published', 'skipped', { reason: 'because publish errored' }),
  stepStarted('slow'),
  runEnded('failed'),
)

const absent = { plan: 'held', reason: 'another run goes on', at: '2026-11-21T07:16:02.000Z', host: 'box' }

describe('junit.xml', () => {
  test('has a case a step, a measure, a finding, and a check without findings', () => {
    expect(junitXml([everything])).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="assay" tests="8" failures="2" errors="2" time="5.600000">
<testsuite name="small" tests="8" failures="2" errors="2" skipped="2" time="5.600000" timestamp="2026-11-21T07:16:02" hostname="box">
<properties>
<property name="run" value="20261121-071602-k3x9"/>
<property name="kind" value="functional"/>
<property name="title" value="A small plan"/>
<property name="param.sizes" value="720p"/>
<property name="param.images" value="samples"/>
<property name="environment.cpu" value="Fast CPU, 3 GHz"/>
<property name="environment.cores" value="2"/>
<property name="environment.memory" value="8000000000"/>
<property name="environment.os" value="Linux 6"/>
<property name="environment.bun" value="1.4.5"/>
<property name="environment.commit" value="abc123"/>
<property name="environment.dirty" value="false"/>
</properties>
<testcase classname="small" name="upload" time="1.500000">
<system-out>log, if it wrote any: log.txt</system-out>
</testcase>
<testcase classname="small.valid &amp; whole" name="objects" time="0.250000">
<failure message="objects: expected 12, found {&quot;keys&quot;:[&quot;a&quot;,&quot;b&quot;]}" type="failed">objects: expected 12, found {"keys":["a","b"]}
expected: 12
found: {
  "keys": [
    "a",
    "b"
  ]
}</failure>
<system-out>log, if it wrote any: log.txt</system-out>
</testcase>
<testcase classname="small.valid &amp; whole" name="manifest" time="0.000000"/>
<testcase classname="small.valid &amp; whole" name="order" time="0.000000">
<skipped message="undecided: order: the store tells none"/>
</testcase>
<testcase classname="small" name="speed" time="1.500000">
<failure message="rate: expected at least 4 img/s, found 2 to 3 in 2 samples" type="failed">rate: expected at least 4 img/s, found 2 to 3 in 2 samples</failure>
<system-out>rate: median 2.5 img/s, n 2, higher is better, reference at least 4 img/s: fail
log, if it wrote any: log.txt</system-out>
</testcase>
<testcase classname="small" name="publish" time="1.500000">
<error message="no &quot;bucket&quot; &lt;b&gt;" type="errored">Error: no bucket
    at publish (a.ts:1:2)</error>
<system-out>log, if it wrote any: log.txt</system-out>
</testcase>
<testcase classname="small" name="published" time="0.000000">
<skipped message="because publish errored"/>
</testcase>
<testcase classname="small" name="slow" time="0.000000">
<error message="the run stopped before it ended" type="aborted">the run stopped before it ended</error>
<system-out>log, if it wrote any: log.txt</system-out>
</testcase>
</testsuite>
</testsuites>
`)
  })

  const heading = started([
    ['service', 'store'],
    ['step', 'a'],
  ])
  const passed = stepEnded('a', 'passed')
  const stopping = {
    event: 'service',
    at: heading.at,
    name: 'store',
    state: 'errored',
    reason: 'It did not stop',
  } as const
  const beside: readonly (readonly [string, readonly RunEvent[], string | undefined])[] = [
    ['a run that passed', [heading, passed, runEnded('passed')], undefined],
    [
      'a run that failed under --strict',
      [heading, passed, runEnded('failed', { reason: '1 undecided' })],
      '<failure message="1 undecided" type="failed">',
    ],
    [
      'a run that was interrupted between steps',
      [heading, passed, runEnded('aborted', { reason: 'interrupted', exit: 130 })],
      '<error message="interrupted" type="aborted">',
    ],
    [
      'a run without an end',
      [heading, passed],
      '<error message="its journal has no end: it goes on or died" type="unfinished">',
    ],
    [
      'a service that did not stop',
      [heading, passed, stopping, runEnded('errored')],
      '<error message="It did not stop" type="errored">',
    ],
    [
      'a run of which all was skipped',
      [heading, stepEnded('a', 'skipped'), runEnded('skipped', { reason: 'everything was skipped' })],
      '<error message="everything was skipped" type="skipped">',
    ],
    [
      'a run that may skip everything',
      [heading, stepEnded('a', 'skipped'), runEnded('skipped', { exit: 0 })],
      undefined,
    ],
  ]
  test.each(beside)('%s is as red as its exit code', (_, events, line) => {
    const xml = junitXml([recorded(...events)])
    if (line === undefined) expect(xml).toContain('failures="0" errors="0"')
    else expect(xml).toContain(line)
  })

  test('has a plan without a run as an error, beside those that ran', () => {
    const xml = junitXml([recorded(heading, passed, runEnded('passed')), absent])
    expect(xml).toContain('<testsuites name="assay" tests="2" failures="0" errors="1" ')
    expect(
      xml,
    ).toContain(`<testsuite name="held" tests="1" failures="0" errors="1" skipped="0" time="0.000000" timestamp="2026-11-21T07:16:02" hostname="box">
<properties/>
<testcase classname="held" name="the run" time="0.000000">
<error message="another run goes on" type="errored">another run goes on</error>
</testcase>
</testsuite>`)
  })

  test('shows that something stood there where XML cannot say it, and escapes the rest', () => {
    const name = 'a\u0000\u0008\u001b[31mred\u001b[0m\ud800\uffff <]]>&"\t\n'
    const xml = junitXml([recorded(started([['step', name]]), stepEnded(name, 'passed'), runEnded('passed'))])
    expect(xml).toContain('name="a\ufffd\ufffdred\ufffd\ufffd &lt;]]&gt;&amp;&quot;&#9;&#10;"')
  })

  const xmllint = can('xmllint', '--version')
  test.skipIf(!xmllint)(`of any run holds against its schema${without(xmllint, 'xmllint')}`, () =>
    inFolder(async (folder) => {
      const path = join(folder, 'junit.xml')
      const records = fc.sample(anyJournal, 200).map((events) => recorded(...events))
      await Bun.write(path, junitXml([everything, ...records, absent]))
      outside(['xmllint', '--noout', '--nonet', '--schema', join(import.meta.dir, 'junit.xsd'), path])
    }),
  )

  const junitparser = can('python3', '-c', 'import junitparser')
  test.skipIf(!junitparser)(`is read by junitparser${without(junitparser, 'junitparser')}`, () =>
    inFolder(async (folder) => {
      const path = join(folder, 'junit.xml')
      const records = fc.sample(anyJournal, 50).map((events) => recorded(...events))
      await Bun.write(path, junitXml([everything, ...records, absent]))
      const { suites, errors } = v.parse(parsed, JSON.parse(outside(['python3', '-c', reader, path])))
      const [first, ...rest] = suites
      expect(errors).toEqual([])
      expect(rest.length).toBe(records.length + 1)
      expect(first).toEqual({
        name: 'small',
        time: 5.6,
        results: [
          ['upload', []],
          ['objects', ['Failure']],
          ['manifest', []],
          ['order', ['Skipped']],
          ['speed', ['Failure']],
          ['publish', ['Error']],
          ['published', ['Skipped']],
          ['slow', ['Error']],
        ],
      })
    }),
  )
})

const parsed = v.object({
  suites: v.array(
    v.object({
      name: v.string(),
      time: v.number(),
      results: v.array(v.tuple([v.string(), v.array(v.string())])),
    }),
  ),
  errors: v.array(v.string()),
})

// It also adds up each suite's cases for itself, and holds them against what the attributes say.
const reader = `
import json, sys
from junitparser import JUnitXml
suites, errors = [], []
for suite in JUnitXml.fromfile(sys.argv[1]):
    cases = list(suite)
    kinds = [type(result).__name__ for case in cases for result in case.result]
    counted = (len(cases), kinds.count("Failure"), kinds.count("Error"), kinds.count("Skipped"))
    if counted != (suite.tests, suite.failures, suite.errors, suite.skipped): errors.append(suite.name)
    results = [(case.name, [type(result).__name__ for result in case.result]) for case in cases]
    suites.append({"name": suite.name, "time": suite.time, "results": results})
print(json.dumps({"suites": suites, "errors": errors}))
`
