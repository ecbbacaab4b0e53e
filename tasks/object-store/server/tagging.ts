import { children, childText, document } from '../xml.ts'
import { checkTags, type Details, type Tag } from './details.ts'
import { type Answer, parameter, xmlAnswer } from './exchange.ts'
import { malformedXml, readXmlBody } from './request-xml.ts'
import { type Call, checkVersion, existingObject } from './store.ts'

export function getTagging({ request, store, bucket, key }: Call): Answer {
  checkVersion(parameter(request, 'versionId'))
  const { details } = existingObject(store, bucket, key)
  const tags = (details.tags ?? []).map(
    ([name, value]) =>
      [
        'Tag',
        [
          ['Key', name],
          ['Value', value],
        ],
      ] as const,
  )
  return xmlAnswer(document('Tagging', [['TagSet', tags]]))
}

export async function putTagging(call: Call): Promise<Answer> {
  const content = await readXmlBody(call.request, call.signed, 'Tagging')
  const [set] = children(content, 'TagSet')
  const tags = children(set, 'Tag').map((tag): Tag => {
    const [name, value] = [childText(tag, 'Key'), childText(tag, 'Value')]
    if (name === undefined || value === undefined) throw malformedXml()
    return [name, value]
  })
  change(call, checkTags(tags))
  return { status: 200 }
}

export function deleteTagging(call: Call): Answer {
  change(call, [])
  return { status: 204 }
}

function change({ request, store, bucket, key }: Call, tags: readonly Tag[]): void {
  checkVersion(parameter(request, 'versionId'))
  const { tags: _, ...rest } = existingObject(store, bucket, key).details
  const details: Details = tags.length === 0 ? rest : { ...rest, tags }
  store.catalog.setDetails(bucket, key, details)
}
