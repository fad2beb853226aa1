import { describeConnectionFault, readApiError } from './errors.js'

export interface ClientOptions {
  /** Such as `https://muster.example.net`. Plain http is taken for loopback only, because the key goes along. */
  readonly baseUrl: string
  /** The API key, `mk_...`. */
  readonly key: string
  /** How long one answer may take, in all. Default 30 s. */
  readonly timeoutMs?: number
  /** Ends whatever is under way. */
  readonly signal?: AbortSignal
}

export interface RequestOptions {
  readonly query?: object | undefined
  readonly body?: unknown
  readonly timeoutMs?: number | undefined
  readonly headers?: Readonly<Record<string, string>>
}

type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'

/** One request, one answer: nothing is tried twice behind the caller's back. */
export interface Http {
  /** The body as JSON. Throws ApiError for an answer of 400 or above, ConnectionError for none. */
  json<T>(method: Method, path: string, options?: RequestOptions): Promise<T>
  /** The answer as it comes in; 304 and 404 are answers. The timeout covers its body too. */
  open(path: string, options?: RequestOptions): Promise<Response>
}

const TIMEOUT_MS = 30_000

export function createHttp({ baseUrl, key, timeoutMs = TIMEOUT_MS, signal }: ClientOptions): Http {
  const base = parseBaseUrl(baseUrl)
  const bearer = parseKey(key)

  async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
    const url = `${base}${path}${renderQuery(options.query)}`
    const limitMs = options.timeoutMs ?? timeoutMs
    const headers: Record<string, string> = { authorization: `Bearer ${bearer}`, accept: 'application/json', ...options.headers }
    if (options.body !== undefined) headers['content-type'] = 'application/json'
    const signals = [AbortSignal.timeout(limitMs), ...(signal === undefined ? [] : [signal])]
    try {
      return await fetch(url, {
        method,
        headers,
        // A redirect would carry the key to wherever it points.
        redirect: 'error',
        signal: AbortSignal.any(signals),
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      })
    } catch (error) {
      if (signal?.aborted) throw error
      throw describeConnectionFault(url, error, limitMs)
    }
  }

  return {
    async json<T>(method: Method, path: string, options: RequestOptions = {}) {
      const response = await send(method, path, options)
      const text = await readText(response, options.timeoutMs ?? timeoutMs)
      if (!response.ok) throw readApiError(response.status, response.url, text)
      return JSON.parse(text) as T
    },
    async open(path, options = {}) {
      const response = await send('GET', path, options)
      if (response.ok || response.status === 304) return response
      const text = await readText(response, options.timeoutMs ?? timeoutMs)
      throw readApiError(response.status, response.url, text)
    },
  }
}

/** The connection may break while the body is read, too. */
export async function readText(response: Response, timeoutMs: number): Promise<string> {
  try {
    return await response.text()
  } catch (error) {
    throw describeConnectionFault(response.url, error, timeoutMs)
  }
}

function parseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) throw new TypeError(`The address of the control plane is no http(s) URL: ${text}`)
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new TypeError(`${text}: plain http would show the key to everyone on the way; use https, or loopback.`)
  }
  return url.href.replace(/[?#].*$/, '').replace(/\/+$/, '')
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

/** A key never contains what would end or split a header; its text is not repeated in the error. */
function parseKey(text: string): string {
  const key = text.trim()
  if (!/^[\w.~+/=-]+$/.test(key)) throw new TypeError('The API key is empty or holds a character that no key has.')
  return key
}

function renderQuery(query: object | undefined): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null)
  if (given.length === 0) return ''
  return `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString()}`
}

/** A path from literal parts and names, which are escaped: urlPath`/v1/domains/${domain}`. */
export function urlPath(parts: TemplateStringsArray, ...names: (string | number)[]): string {
  return parts.reduce((all, part, i) => `${all}${encodeURIComponent(String(names[i - 1] ?? ''))}${part}`)
}
