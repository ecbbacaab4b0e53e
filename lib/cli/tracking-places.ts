import type { TrackingPlace } from '../record/tracking-place.ts'
import { allPlaces, isNamedPlace } from './named-places.ts'
import type { Places } from './places.ts'

/** Every place that shows runs, whether its variable is set or not. */
export function trackingPlaces(places: Places): Promise<readonly TrackingPlace[]> {
  return allPlaces(places, { ending: '.tracking.ts', what: 'tracking place', is: isPlace })
}

function isPlace(value: unknown): value is TrackingPlace {
  return isNamedPlace(value)
}
