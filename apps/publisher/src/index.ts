/**
 * Keeps the publish folder at the head of the directory, and serves it over HTTP. Reads the directory through the `Feed` alone; everything
 * it knows from one run to the next is in the folder. Must never write to the directory, and never import another app.
 */
export { publishedMap, type PublishedMap } from './map-set.js'
export { loadSigningKey } from './signing-key.js'
export * from './publisher.js'
export { renderWhole } from './render-whole.js'
export { publisherRoutes, type PublisherRoutesOptions } from './routes.js'
export { startPublisher } from './start-publisher.js'
export type { AtPublishStep, PublishStep } from './steps.js'
export type { MapVerdict, Verification } from './verify-published.js'
