import type { Fit, Size } from './sizes.ts'

/** Everything that decides the pixels of a normalised image. */
export interface Policy {
  readonly sizes: readonly Size[]
  /** How exact sizes are filled. */
  readonly fit: Fit
  /** `#rrggbb`: alpha is flattened on it, `contain` pads with it. */
  readonly background: string
  readonly format: 'jpeg'
  /** 1 to 100. */
  readonly quality: number
}

export interface NormalizedImage {
  /** The name of its size: `1080p`, `800x600`. */
  readonly variant: string
  readonly bytes: Uint8Array
  readonly width: number
  readonly height: number
}

/** SHA-256 in hexadecimal of everything that changes pixels: the policy, our version of it, and the libraries' versions. */
export function policyHash(policy: Policy): string {
  throw new Error(`not there yet: ${policy.fit}`)
}

/**
 * The source in every size of the policy, in its order: upright, 8-bit sRGB, alpha flattened.
 * `name` stands for the image in the Problem thrown where it can't be read.
 */
export async function normalize(
  source: Uint8Array | string,
  policy: Policy,
  name = typeof source === 'string' ? source : 'image',
): Promise<readonly NormalizedImage[]> {
  throw new Error(`not there yet: ${policy.fit} ${name}`)
}
