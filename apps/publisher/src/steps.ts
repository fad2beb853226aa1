import type { TreeStep } from '@muster/maptree'

/** Where a test may kill the publisher: between any two steps that change its folder. */
export type PublishStep =
  | TreeStep
  | 'map-published'
  | 'maps-published'
  | 'snapshots-frozen'
  | 'rsyncd-written'
  | 'head-written'
  | 'state-written'

export type AtPublishStep = (step: PublishStep) => void | Promise<void>
