import { afterAll, expect, test } from 'bun:test'
import { connect } from '../../../tasks/object-store/connect.ts'
import { answering, serving, stopWrongServers } from './wrong-servers.ts'

afterAll(stopWrongServers)

const keys = { region: 'us-east-1', accessKeyId: 'key', secretAccessKey: 'secret' }

const listing = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>raw</Name><Prefix></Prefix><KeyCount>1</KeyCount>\
<IsTruncated>false</IsTruncated><Contents><Key>a.jpg</Key><Size>3</Size><ETag>"abc"</ETag></Contents></ListBucketResult>`

test('a listing that was cut anywhere, before its first byte too, is asked for again', async () => {
  let [at, asked] = [0, 0]
  const url = serving(() => new Response(asked++ % 2 === 0 ? listing.slice(0, at) : listing))
  const repeated: string[] = []
  const s3 = connect({ url, ...keys }, { onRepeat: (action) => repeated.push(action) })
  for (; at < listing.length; at++) expect(await s3.list('raw', '')).toEqual([{ key: 'a.jpg', size: 3, etag: 'abc' }])
  expect(repeated).toEqual(Array(listing.length).fill("list 'raw/'"))
})

test.each([
  ['a web page', '<!doctype html><html></html>'],
  ['another document', '<?xml version="1.0"?><ListOfAll/>'],
])('%s in place of a listing is no S3, told at once', async (_, body) => {
  const repeated: string[] = []
  const s3 = connect({ url: answering(body, 200), ...keys }, { onRepeat: (action) => repeated.push(action) })
  await expect(s3.list('raw', '')).rejects.toThrow('does not answer as S3')
  expect(repeated).toEqual([])
})
