import type { Answer, Asked, Fault } from './proxy.ts'

const textOf = ({ body }: Answer) => Buffer.from(body).toString('utf8')
const isXml = (answer: Answer) =>
  /xml/.test(answer.headers.get('content-type') ?? '') || /^<\?xml/.test(textOf(answer).slice(0, 5))
const isWrite = ({ method }: Asked) => method === 'PUT' || method === 'POST' || method === 'DELETE'
const isObject = ({ target }: Asked) => /^\/[^/?]+\/[^?]/.test(target)

const inXml = (name: string, areas: readonly string[], change: (text: string) => string): Fault => ({
  name,
  areas,
  alter: (_, answer) => (isXml(answer) ? { ...answer, body: Buffer.from(change(textOf(answer))) } : answer),
})

const inHeaders = (
  name: string,
  areas: readonly string[],
  change: (headers: Headers, asked: Asked, answer: Answer) => void,
): Fault => ({
  name,
  areas,
  alter: (asked, answer) => {
    const headers = new Headers(answer.headers)
    change(headers, asked, answer)
    return { ...answer, headers }
  },
})

const drop = (headers: Headers, matching: RegExp) => {
  for (const name of [...headers.keys()]) if (matching.test(name)) headers.delete(name)
}

const lists = ['listing v2', 'listing v1', 'versions', 'batch delete']
const entries = /<(Contents|CommonPrefixes|Version|Part|Upload|Bucket|Deleted)>.*?<\/\1>/gs

const ghosts: Readonly<Record<string, string>> = {
  ListBucketResult: '<Contents><Key>ghost</Key></Contents><CommonPrefixes><Prefix>ghost/</Prefix></CommonPrefixes>',
  ListVersionsResult: '<Version><Key>ghost</Key><VersionId>null</VersionId></Version>',
  ListPartsResult: '<Part><PartNumber>9</PartNumber></Part>',
  ListMultipartUploadsResult: '<Upload><Key>ghost</Key></Upload>',
  DeleteResult: '<Deleted><Key>ghost</Key></Deleted>',
}

/**
 * Servers that are wrong in one thing each, the narrow mistakes first. None is wrong in everything ("always 500"): a check that
 * only such a server loses would judge nothing.
 */
export const faults: readonly Fault[] = [
  inHeaders('answers a checksum to everybody', ['checksums'], (headers, { method }) => {
    if (method === 'HEAD') headers.set('x-amz-checksum-sha256', 'FeKw09M=')
  }),
  inHeaders('keeps metadata for ever', ['metadata and headers', 'copy'], (headers) =>
    headers.set('x-amz-meta-old', '1'),
  ),
  inXml('names no owner', ['listing v1', 'listing v2'], (text) => text.replace(/<Owner>.*?<\/Owner>/gs, '')),
  inXml('ends a list after its first page', lists, (text) =>
    text.replace('<IsTruncated>true<', '<IsTruncated>false<').replace(/<(Next\w+)>.*?<\/\1>/gs, ''),
  ),
  inHeaders('answers no ETag', ['put, get, head', 'conditional reads'], (headers) => headers.delete('etag')),
  inHeaders('answers no checksum', ['checksums', 'aws-chunked'], (headers) => drop(headers, /^x-amz-checksum-/)),
  inHeaders('forgets metadata', ['metadata and headers', 'copy'], (headers) => drop(headers, /^x-amz-meta-/)),
  inHeaders('forgets what the content is', ['put, get, head', 'metadata and headers'], (headers, asked, answer) => {
    if (!isObject(asked) || isXml(answer)) return
    drop(headers, /^(cache-control|content-(disposition|encoding|language)|expires)$/)
    headers.set('content-type', 'text/html')
  }),
  inHeaders('answers no ranges, dates, places or ids', ['put, get, head', 'ranges', 'buckets and naming'], (headers) =>
    drop(headers, /^(accept-ranges|content-range|last-modified|location|x-amz-request-id)$/),
  ),
  inXml('loses the last entry of a list', [...lists, 'multipart', 'buckets and naming'], (text) => {
    const last = [...text.matchAll(entries)].at(-1)
    return last === undefined ? text : text.slice(0, last.index) + text.slice(last.index + last[0].length)
  }),
  inXml('lists what is not there', lists, (text) =>
    text.replace(/<\/(\w+Result)>/, (end, name) => `${ghosts[name] ?? ''}${end}`),
  ),
  inXml('answers other values', [...lists, 'object attributes', 'copy', 'buckets and naming'], (text) =>
    text
      .replace(/<(KeyCount|MaxKeys|Size|ObjectSize|TotalPartsCount)>\d+</g, '<$1>77<')
      .replace(/<(Name|Prefix|Delimiter|EncodingType|ETag|ChecksumCRC32)>[^<]*</g, '<$1>other<')
      .replace(
        /<VersioningConfiguration.*/s,
        '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
      ),
  ),
  inXml('says nothing of errors but their code', ['errors'], (text) =>
    text.replace(/<(Message|RequestId)>.*?<\/\1>/gs, ''),
  ),
  {
    name: 'finds no bucket',
    areas: ['buckets and naming'],
    alter: (asked, answer) => (asked.method === 'HEAD' && !isObject(asked) ? { ...answer, status: 404 } : answer),
  },
  {
    name: 'answers every success with 200',
    areas: ['put, get, head', 'ranges', 'buckets and naming', 'multipart'],
    alter: (_, answer) => (answer.status < 300 ? { ...answer, status: 200 } : answer),
  },
  inXml('names another code', ['errors', 'conditional writes', 'checksums', 'Content-MD5', 'keys'], (text) =>
    text.replace(/<Code>[^<]*</, '<Code>SlowDown<'),
  ),
  {
    name: 'changes a byte of what was stored',
    alter: ({ method }, answer) => {
      if (method !== 'GET' || isXml(answer) || answer.body.length === 0) return answer
      const body = Buffer.from(answer.body)
      body[body.length - 1] = (body.at(-1) ?? 0) ^ 1
      return { ...answer, body }
    },
  },
  {
    name: 'takes what it should refuse',
    alter: (_, answer) =>
      answer.status < 300 || answer.status >= 500 ? answer : { ...answer, status: 200, body: Buffer.alloc(0) },
  },
  {
    name: 'says that it wrote, and does not',
    instead: (asked) => {
      if (!isWrite(asked) || !isObject(asked)) return undefined
      const headers = new Headers({ etag: '"d41d8cd98f00b204e9800998ecf8427e"' })
      return { status: asked.method === 'DELETE' ? 204 : 200, headers, body: Buffer.alloc(0) }
    },
  },
]
