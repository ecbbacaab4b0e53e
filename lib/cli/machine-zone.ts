import { readlinkSync } from 'node:fs'

/** The time zone that cron on this machine goes by: not the shell's `TZ`, which a daemon never sees. */
export function machineZone(): string {
  try {
    const zone = readlinkSync('/etc/localtime').match(/zoneinfo\/(.+)$/)?.[1]
    if (zone !== undefined) return zone
  } catch {
    // No link: a machine that was never given a zone, or a copy of the zone's file, which does not say its name.
  }
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
