import { afterAll, expect, test } from 'bun:test'
import { startMoto } from '../servers.ts'
import { checks } from './all.ts'
import { serverAt } from './server.ts'
import { idOf, lostOf } from './suite.ts'

// moto answers as S3 does but judges neither signatures nor checksums: a suite that it passes would judge nothing either.
const judged = ['signatures', 'presigned', 'aws-chunked', 'checksums', 'Content-MD5']
const title = 'moto loses every check that a signature or a checksum must refuse'
const running = await startMoto()

if ('unavailable' in running) {
  console.warn(`moto: skipped, as ${running.unavailable}`)
  test.skip(`${title} (${running.unavailable})`, () => {})
} else {
  const server = serverAt(running.endpoint, running.domain)
  afterAll(async () => {
    server.close()
    await running.stop()
  })
  test(title, async () => {
    const among = checks.filter(({ area }) => judged.includes(area))
    const lost = new Set([...(await lostOf(server, among)).keys()].map(idOf))
    const refusing = among
      .map(idOf)
      .filter((id) =>
        / is (SignatureDoesNotMatch|RequestTimeTooSkewed|InvalidAccessKeyId|AccessDenied|XAmzContentSHA256Mismatch|BadDigest)/.test(
          id,
        ),
      )
    expect(refusing.length).toBeGreaterThan(30)
    expect(refusing.filter((id) => !lost.has(id))).toEqual([])
    expect([...lost]).toContain('checksums · CRC32 of other bytes is BadDigest, and nothing is stored')
    expect([...lost]).toContain('signatures · a wrong secret is SignatureDoesNotMatch')
  }, 60_000)
}
