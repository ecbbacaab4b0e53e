import * as v from 'valibot'
import { integer, type Param } from '../../lib/index.ts'
import { type Size, sizeList } from '../images/sizes.ts'
import type { Waits } from './black-box.ts'
import { decimal } from './stage-options.ts'

/** Of the time that a stage may take for its first image, what it may take for all of them. */
const forAll = 15

/** How often a polling stage looks, in seconds; after as long without anything new, what is expected counts as all. */
export function stagePoll(): Param<number> {
  return decimal('seconds', 0.01, '0.2', 'seconds between two looks of a polling stage at its images')
}

/** How long a stage is waited for before it is taken to hang, in seconds. */
export function stagePatience(): Param<Partial<Waits>> {
  const { schema, ...rest } = integer(
    60,
    `seconds a stage may take for its first image, and ${forAll} times that for all`,
    { min: 1 },
  )
  return {
    ...rest,
    schema: v.pipe(
      schema,
      v.transform((first) => ({ first, deadline: forAll * first })),
    ),
  }
}

/** Sizes of which a plan makes the first one, two, three and five. */
export function variantSizes(value: string): Param<readonly Size[]> {
  const { schema, ...rest } = sizeList(value, { help: 'sizes, of which the first 1, 2, 3 and 5 are made' })
  return {
    ...rest,
    schema: v.pipe(
      schema,
      v.check((sizes) => sizes.length >= 5, 'at least five sizes'),
    ),
  }
}

/** How many times its baseline a figure may be. */
export function baselineFactor(value: string, figure: string): Param<number> {
  return decimal('a factor', 1, value, `times its baseline that ${figure} may be`)
}
