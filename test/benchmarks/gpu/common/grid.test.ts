import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { gridOf } from '../../../../benchmarks/gpu/common/grid.ts'

test('a grid holds all workgroups, each once, within what a device takes and with less than a row to spare', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 71, max: 65_535 }), (workgroups, most) => {
      const { groups, group } = gridOf(workgroups, { limits: { maxComputeWorkgroupsPerDimension: most } })
      const [columns, rows] = groups
      expect(columns <= most && rows <= most && groups[2] === 1).toBe(true)
      expect(columns * rows - workgroups).toBeGreaterThanOrEqual(0)
      expect(columns * rows - workgroups).toBeLessThan(columns)
      expect(group).toBe(rows === 1 ? 'group.x' : `(group.y * ${columns}u + group.x)`)
    }),
  )
})
