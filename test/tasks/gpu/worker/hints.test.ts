import { describe, expect, test } from 'bun:test'
import { absence } from '../../../../tasks/gpu/worker/hints.ts'
import { type Files, softwareDriver, workerEnvironment } from '../../../../tasks/gpu/worker/software.ts'

/** A machine that has just these files. */
function machine(...paths: readonly string[]): Files {
  return {
    exists: (path) => paths.includes(path),
    names: (folder) =>
      paths.flatMap((path) => {
        const rest = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : ''
        return rest !== '' && !rest.includes('/') ? [rest] : []
      }),
  }
}

const swiftshader = '/usr/lib/chromium/vk_swiftshader_icd.json'
const borrowed = '/usr/lib/chromium/libvulkan.so.1'
const lavapipe = '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json'
const lib = '/usr/lib/x86_64-linux-gnu'
const nvidia = ['/dev/nvidia0', '/proc/driver/nvidia/version']
const icd = '/usr/share/vulkan/icd.d/nvidia_icd.json'
const graphics = [icd, `${lib}/libGLX_nvidia.so.0`]
const loaders = ['libvulkan.so.1', 'libEGL.so.1', 'libGLX.so.0', 'libGL.so.1'].map((name) => `${lib}/${name}`)

describe('without a card the hint says what usually helps', () => {
  const hint = (files: readonly string[], env = {}, adapter = 'hardware', platform = 'linux') =>
    absence(adapter, [], env, { files: machine(...files), platform })

  test('no card', () => {
    expect(hint([])).toBe(
      "Cannot open a GPU as 'adapter' must be one that WebGPU finds: current value is hardware, and it finds none. No card shows, neither as /dev/nvidia0 nor below /dev/dri: install its driver, or hand it to the container.",
    )
  })

  test.each([
    [
      'a container without graphics',
      ['/.dockerenv', ...nvidia],
      /NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics \(it is unset\).*libglvnd0/,
    ],
    ['a file of the driver without its library', [...nvidia, icd], /libGLX_nvidia.so.0 is missing.*libnvidia-gl/],
    ['a machine without the packages for graphics', ['/dev/nvidiactl'], /nvidia_icd.json.*is missing/],
    [
      'no loader and no libglvnd',
      [...nvidia, ...graphics],
      /but not libvulkan.so.1, libEGL.so.1, libGLX.so.0, libGL.so.1: install libvulkan1 libglvnd0/,
    ],
    ['all there', [...nvidia, ...graphics, ...loaders], /do not work together: compare their versions/],
    ['another card without a loader', ['/dev/dri/renderD128'], /install libvulkan1 and the card's Vulkan driver/],
    ['another card', ['/dev/dri/renderD128', ...loaders], /mesa-vulkan-drivers.*group render/],
  ])('%s', (_, files, sentence) => {
    expect(hint(files)).toMatch(sentence)
    expect(hint(files)).not.toContain('adapter=software')
    expect(hint([...files, swiftshader])).toEndWith('The CPU can stand in for it: --set adapter=software.')
  })

  test('what the container was started with is told', () => {
    const env = { NVIDIA_VISIBLE_DEVICES: 'all', NVIDIA_DRIVER_CAPABILITIES: 'compute,utility' }
    expect(hint(nvidia, env)).toContain('(it is compute,utility)')
  })

  test('drivers that somebody named are the first to doubt', () => {
    expect(hint([...nvidia, ...graphics], { VK_DRIVER_FILES: '/x.json' })).toContain(
      'VK_DRIVER_FILES is /x.json: unset it',
    )
    const older = hint([swiftshader], { VK_ICD_FILENAMES: '/x.json' }, 'software')
    expect(older).toContain('VK_ICD_FILENAMES is /x.json: unset it')
    expect(older).not.toContain('VK_DRIVER_FILES')
    expect(hint([swiftshader], { VK_ICD_FILENAMES: '/x.json' })).not.toContain('adapter=software')
    const both = hint([], { VK_DRIVER_FILES: '/x.json', VK_ICD_FILENAMES: '/y.json' })
    expect(both).toContain('VK_DRIVER_FILES is /x.json')
    expect(hint([], { VK_DRIVER_FILES: '', VK_ICD_FILENAMES: '/y.json' })).toContain('VK_DRIVER_FILES is empty')
  })

  test('a loader that LD_LIBRARY_PATH has taken before the others may be broken', () => {
    const env = { LD_LIBRARY_PATH: ':/cuda:/own' }
    const own = '/own/libvulkan.so.1'
    const said = /LD_LIBRARY_PATH=:\/cuda:\/own may hide what loads it: \/own\/libvulkan.so.1 comes before.*; unset it/
    expect(hint([swiftshader, borrowed, own], env, 'software')).toMatch(said)
    expect(hint([swiftshader, own], env, 'software')).toMatch(said)
    expect(hint(['/dev/dri/renderD128', own], env)).toMatch(said)
    expect(hint([...nvidia, ...graphics, ...loaders, own], env)).toMatch(said)
    // Images of CUDA set it, to folders that have none.
    for (const files of [['/dev/dri/renderD128', ...loaders], [...nvidia, ...graphics, ...loaders], [...nvidia]])
      expect(hint(files, env)).not.toContain('LD_LIBRARY_PATH')
  })

  test('on other systems', () => {
    expect(hint([], {}, 'hardware', 'darwin')).toContain("Install the card's driver")
  })

  test('a software adapter that is not there', () => {
    expect(hint([], {}, 'software')).toContain('Install a software driver: chromium brings SwiftShader')
    expect(hint([swiftshader], {}, 'software')).toContain(`${swiftshader} is there: install libvulkan1`)
    for (const loader of [borrowed, `${lib}/libvulkan.so.1`])
      expect(hint([swiftshader, loader], {}, 'software')).toContain(
        `${swiftshader} and ${loader} are there, and do not work together: install both again`,
      )
  })

  test('one that is there is named', () => {
    const all = [{ name: 'llvmpipe', backend: 'vulkan', kind: 'software' as const }]
    const sentence = absence('hardware', all, {}, { files: machine(lavapipe), platform: 'linux', flag: '--adapter ' })
    expect(sentence).toContain('current value is hardware, and it finds llvmpipe, which is the CPU.')
    expect(sentence).toEndWith('--adapter software.')
  })
})

describe('the environment of a worker', () => {
  const env = {
    PATH: '/bin',
    HOME: '/root',
    AWS_SECRET_ACCESS_KEY: 'x',
    VK_LOADER_DEBUG: 'all',
    LD_LIBRARY_PATH: '/cuda',
  }

  test('has what drivers read, and nothing else of the person', () => {
    expect(workerEnvironment(env, 'hardware', machine(swiftshader, `${lib}/libvulkan.so.1`))).toEqual({
      PATH: '/bin',
      HOME: '/root',
      VK_LOADER_DEBUG: 'all',
      LD_LIBRARY_PATH: '/cuda',
      BUN_ENABLE_CRASH_REPORTING: '0',
      DO_NOT_TRACK: '1',
    })
  })

  test('shows the software driver alone, or beside the others, or not', () => {
    const files = machine(swiftshader, borrowed)
    const paths = { LD_LIBRARY_PATH: '/cuda:/usr/lib/chromium' }
    const alone = { ...paths, VK_DRIVER_FILES: swiftshader, VK_ICD_FILENAMES: swiftshader }
    expect(workerEnvironment(env, 'software', files)).toMatchObject(alone)
    expect(workerEnvironment(env, 'H200', files)).toMatchObject({ ...paths, VK_ADD_DRIVER_FILES: swiftshader })
    expect(workerEnvironment(env, 'hardware', files)).not.toHaveProperty('VK_DRIVER_FILES')
    const own = { ...env, VK_DRIVER_FILES: '/own.json' }
    expect(workerEnvironment(own, 'software', files)).toMatchObject({ ...paths, VK_DRIVER_FILES: '/own.json' })
    expect(workerEnvironment(env, 'software', machine())).not.toHaveProperty('VK_DRIVER_FILES')
  })

  test("takes SwiftShader before lavapipe, and the system's loader before a browser's", () => {
    expect(softwareDriver(machine(swiftshader, lavapipe))).toBe(swiftshader)
    expect(softwareDriver(machine(lavapipe))).toBe(lavapipe)
    expect(softwareDriver(machine())).toBeUndefined()
    const files = machine(swiftshader, borrowed, `${lib}/libvulkan.so.1`)
    expect(workerEnvironment({}, 'software', files)).not.toHaveProperty('LD_LIBRARY_PATH')
  })
})
