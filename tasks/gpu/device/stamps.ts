/** The device's own clock around what one submit does. */
export interface Stamps {
  around(begins: boolean, ends: boolean): GPUComputePassDescriptor
  resolve(encoder: GPUCommandEncoder): void
  /** Between the two; undefined where the device gave nothing that could be a time. */
  seconds(): Promise<number | undefined>
  free(): void
}

export function stampsOn(device: GPUDevice): Stamps {
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 })
  const resolved = device.createBuffer({ size: 16, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC })
  const staging = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  return {
    around: (begins, ends) =>
      begins || ends
        ? {
            timestampWrites: {
              querySet,
              ...(begins && { beginningOfPassWriteIndex: 0 }),
              ...(ends && { endOfPassWriteIndex: 1 }),
            },
          }
        : {},
    resolve(encoder) {
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0)
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16)
    },
    async seconds() {
      await staging.mapAsync(GPUMapMode.READ)
      const [begin = 0n, end = 0n] = new BigUint64Array(staging.getMappedRange())
      staging.unmap()
      return end > begin ? Number(end - begin) / 1e9 : undefined
    },
    free() {
      for (const one of [querySet, resolved, staging]) one.destroy()
    },
  }
}
