import type { Card, WatchedCard } from './telemetry.ts'

/** Which card is meant; the first one where nothing is told. */
export interface WantedCard {
  /** As the driver names it to WebGPU or CUDA. */
  readonly name?: string | undefined
  /** `0x233510de`: device and vendor. */
  readonly pciDevice?: string | undefined
  /** `CUDA_VISIBLE_DEVICES`: the first of them is meant. */
  readonly visible?: string | undefined
}

/** The card that is meant, or why there is none. */
export function chooseCard(cards: readonly Card[], wanted: WantedCard): WatchedCard | string {
  if (cards.length === 0) return 'the NVIDIA driver shows no card'
  const seen = visibleOf(cards, wanted.visible)
  if (typeof seen === 'string') return seen
  const ofKind = wanted.pciDevice === undefined ? seen : seen.filter((card) => sameNumber(card, wanted.pciDevice))
  const named = wanted.name === undefined ? ofKind : ofName(ofKind, wanted.name)
  const [card, ...others] = named
  const what = wanted.name ?? `of PCI device ${wanted.pciDevice}`
  if (card === undefined) return `no card that NVIDIA's driver shows is the one used, ${what}: ${namesOf(cards)}`
  const alike = others.filter(({ name }) => name === card.name).length + 1
  // CUDA's first visible one is no guess.
  if (alike === 1 || wanted.visible !== undefined) return { card, note: undefined }
  return { card, note: `${alike} cards are ${card.name}: the first of them on the PCI bus is watched` }
}

function visibleOf(cards: readonly Card[], visible: string | undefined): readonly Card[] | string {
  if (visible === undefined) return cards
  const word = visible.split(',')[0]?.trim() ?? ''
  const card = /^\d+$/.test(word) ? cards[Number(word)] : cards.find(({ uuid }) => word !== '' && uuid.startsWith(word))
  return card === undefined ? `no card is visible to CUDA: CUDA_VISIBLE_DEVICES is '${visible}'` : [card]
}

function ofName(cards: readonly Card[], name: string): readonly Card[] {
  const asked = plain(name)
  const same = cards.filter((card) => plain(card.name) === asked)
  if (same.length > 0) return same
  // Either may say more: `NVIDIA H100 80GB HBM3`, `NVIDIA GeForce RTX 4090/PCIe/SSE2`.
  const words = (text: string) => ` ${plain(text)} `
  return cards.filter((card) => words(card.name).includes(words(name)) || words(name).includes(words(card.name)))
}

function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/\((r|tm|c)\)|[®™©]/g, ' ')
    .replace(/[^a-z0-9]+/g, ' ')
    .replace(/\b(nvidia|corporation)\b/g, ' ')
    .replace(/ +/g, ' ')
    .trim()
}

function sameNumber(card: Card, pciDevice: string | undefined): boolean {
  return card.pciDevice !== undefined && Number(card.pciDevice) === Number(pciDevice)
}

function namesOf(cards: readonly Card[]): string {
  return `there is ${cards.map(({ name }) => name).join(', ')}`
}
