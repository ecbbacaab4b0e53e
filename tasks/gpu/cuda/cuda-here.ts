import { devicesHere } from '../../training/devices.ts'

type Env = Readonly<Record<string, string | undefined>>

export type CudaHere =
  | { readonly kind: 'here'; readonly devices: number }
  | { readonly kind: 'none'; readonly why: string }

/** Whether there is a CUDA device, by what the kernel's driver shows: neither torch nor a Python is needed to know. */
export function cudaHere(env: Env, find: typeof devicesHere = devicesHere): CudaHere {
  const { gpus } = find(env)
  if (gpus > 0) return { kind: 'here', devices: gpus }
  const all = find({ ...env, CUDA_VISIBLE_DEVICES: undefined }).gpus
  const why =
    all > 0
      ? `CUDA_VISIBLE_DEVICES is '${env.CUDA_VISIBLE_DEVICES}' and hides what there is`
      : 'there is no NVIDIA driver with a card here'
  return { kind: 'none', why: `no CUDA device: ${why}` }
}
