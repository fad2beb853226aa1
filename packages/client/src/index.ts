/**
 * The API and the publisher over HTTP, typed by `@muster/contract`. One call is one request: nothing is retried, cached or guessed, and
 * a key goes only to the base URL. Errors are ApiError (an answer that says no, with the problem's code) and ConnectionError (no answer).
 */
import { createDirectoryClient, type DirectoryClient } from './directory-client.js'
import { createHttp, type ClientOptions } from './http.js'
import { createPublisherClient, type PublisherClient } from './publisher-client.js'

export { everyItem, type DirectoryClient, type PageOptions } from './directory-client.js'
export { ApiError, ConnectionError } from './errors.js'
export type { ClientOptions } from './http.js'
export { readPublishedFile, type PublishedFile, type PublishedMap, type PublisherClient } from './publisher-client.js'

export interface Client extends DirectoryClient {
  readonly publisher: PublisherClient
}

export function createClient(options: ClientOptions): Client {
  const http = createHttp(options)
  return { ...createDirectoryClient(http), publisher: createPublisherClient(http) }
}
