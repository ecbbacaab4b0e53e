/** How the workings of Dawn are switched: it ignores a name that it does not know without a word, so that each is looked for by what it does. */
export interface Toggles {
  readonly on: readonly string[]
  readonly off: readonly string[]
}

export interface ToggleSeen {
  readonly name: string
  readonly asked: 'on' | 'off'
  /** `untold`: what it does cannot be seen here. */
  readonly seen: 'yes' | 'no' | 'untold'
  readonly how: string
}

/** What the device does, as far as toggles change it. */
export interface Effects {
  readonly vendor: string
  /** Of the adapter. */
  readonly features: readonly string[]
  /** The greatest step that all timestamps are a multiple of, in nanoseconds; undefined without timestamps. */
  readonly timestampStep: number | undefined
  /** What becomes of an index that is out of bounds. */
  readonly outOfBounds: OutOfBounds
}

export interface OutOfBounds {
  /** In a storage buffer: `clamped` by the shader, `hidden` by the driver, or `read`. */
  readonly storage: 'clamped' | 'hidden' | 'read'
  readonly workgroup: 'clamped' | 'hidden' | 'read'
}

/** What timing needs, what NVIDIA's tensor cores need, and, unchecked, what a kernel that was found right does not need. */
export function togglesFor(unchecked: boolean): Toggles {
  return {
    on: [
      'allow_unsafe_apis',
      'vulkan_enable_f16_on_nvidia',
      ...(unchecked ? ['disable_robustness', 'disable_workgroup_init'] : []),
    ],
    off: ['timestamp_quantization'],
  }
}

/** As `create()` takes them. */
export function flagsOf({ on, off }: Toggles): readonly string[] {
  return [
    ...(on.length > 0 ? [`enable-dawn-features=${on.join(',')}`] : []),
    ...(off.length > 0 ? [`disable-dawn-features=${off.join(',')}`] : []),
  ]
}

export function togglesSeen({ on, off }: Toggles, effects: Effects): readonly ToggleSeen[] {
  const seen = (name: string, asked: ToggleSeen['asked']): ToggleSeen => {
    const look = looks.get(name)?.(effects)
    if (look === undefined)
      return { name, asked, seen: 'no', how: 'nothing is known that it does, as of a name that Dawn does not know' }
    const { told, how } = look
    if (told === undefined) return { name, asked, seen: 'untold', how }
    return { name, asked, seen: told === asked ? 'yes' : 'no', how }
  }
  return [...on.map((name) => seen(name, 'on')), ...off.map((name) => seen(name, 'off'))]
}

/** Which way the device works, undefined where that cannot be told, and by what. */
interface Look {
  readonly told: ToggleSeen['asked'] | undefined
  readonly how: string
}

const quantum = 65_536

const looks = new Map<string, (effects: Effects) => Look>([
  [
    'timestamp_quantization',
    ({ timestampStep: step }) => {
      if (step === undefined) return { told: undefined, how: 'the adapter has no timestamps' }
      return { told: step % quantum === 0 ? 'on' : 'off', how: `timestamps are multiples of ${step} ns` }
    },
  ],
  [
    'vulkan_enable_f16_on_nvidia',
    ({ vendor, features }) => {
      if (vendor !== 'nvidia') return { told: undefined, how: 'it changes NVIDIA cards alone' }
      const there = features.includes('shader-f16')
      return { told: there ? 'on' : 'off', how: `shader-f16 is ${there ? '' : 'not '}among the features` }
    },
  ],
  [
    'allow_unsafe_apis',
    ({ features }) => {
      const name = features.find((feature) => feature.startsWith('chromium-experimental-'))
      if (name === undefined)
        return { told: undefined, how: 'the adapter has no experimental features that it would show' }
      return { told: 'on', how: `${name} is among the features` }
    },
  ],
  [
    'disable_robustness',
    ({ outOfBounds: { storage, workgroup } }) => {
      const how = `an index out of bounds is ${storage} in storage buffers, ${workgroup} in workgroup memory`
      if (storage === 'clamped' || workgroup === 'clamped') return { told: 'off', how }
      return { told: storage === 'read' || workgroup === 'read' ? 'on' : undefined, how }
    },
  ],
  ['disable_workgroup_init', () => ({ told: undefined, how: 'memory that nobody cleared may well be zero' })],
])
