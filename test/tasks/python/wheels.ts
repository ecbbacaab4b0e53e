import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** A package as an index has it. */
export interface Wheel {
  readonly package: string
  readonly version: string
  readonly file: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly sha256: string
}

/** A wheel of these files; a path is within site-packages, or `NAME-VERSION.data/scripts/…`. */
export function wheelOf(
  name: string,
  version: string,
  files: Readonly<Record<string, string>>,
  tag = 'py3-none-any',
): Wheel {
  const info = `${name}-${version}.dist-info`
  const all = {
    ...files,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${info}/WHEEL`]: `Wheel-Version: 1.0\nGenerator: assay\nRoot-Is-Purelib: true\nTag: ${tag}\n`,
  }
  const record = [...Object.keys(all), `${info}/RECORD`].map((path) => `${path},,\n`).join('')
  const bytes = zipOf({ ...all, [`${info}/RECORD`]: record })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { package: name, version, file: `${name}-${version}-${tag}.whl`, bytes, sha256 }
}

/** The line that pins it in a lock file. */
export function pinOf({ package: name, version, sha256 }: Wheel): string {
  return `${name}==${version} --hash=sha256:${sha256}\n`
}

/** A zip of files as they are: who wrote them may run them. */
function zipOf(files: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [path, text] of Object.entries(files)) {
    const [name, data] = [Buffer.from(path), Buffer.from(text)]
    const fields = Buffer.alloc(26) // from the version needed to the length of the extra field
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(0x21, 8) // the first day that a zip knows
    fields.writeUInt32LE(crc32(data), 10)
    fields.writeUInt32LE(data.length, 14)
    fields.writeUInt32LE(data.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const entry = Buffer.alloc(14) // comment, disk, attributes, offset
    entry.writeUInt32LE((0o100755 << 16) >>> 0, 6)
    entry.writeUInt32LE(offset, 10)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, name, data])
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), fields, entry, name]))
    parts.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(parts.length, 4)
  end.writeUInt16LE(parts.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(offset, 12)
  return new Uint8Array(Buffer.concat([...parts, central, Buffer.from('PK\x05\x06'), end]))
}
