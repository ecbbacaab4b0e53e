import { normalize, type Policy, policyHash } from '../../images/normalize.ts'
import type { StageDefinition } from './definition.ts'

/** Stage 2: each source upright, in sRGB, in every size of the policy: `<variant>/<path>.jpg`. */
export function normalizeStage(policy: Policy): StageDefinition {
  const hash = policyHash(policy)
  return {
    stage: 2,
    recipe: hash,
    settings: { ...policy, normalization_policy_hash: hash },
    async make({ path, relative, uri }) {
      const images = await normalize(path, policy, uri)
      return images.map(({ variant, bytes, width, height }) => ({
        // The source's own extension stays, so that a.png and a.jpg don't become one.
        relative: `${variant}/${relative}.jpg`,
        bytes,
        type: 'image/jpeg',
        describe: (uris) => ({ ...uris, variant_name: variant, width, height, normalization_policy_hash: hash }),
      }))
    },
  }
}
