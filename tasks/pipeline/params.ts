import * as v from 'valibot'
import { integer, type Param } from '../../lib/index.ts'
import type { Waits } from './black-box.ts'

/** Of the time that a stage may take for its first image, what it may take for all of them. */
const forAll = 15

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
