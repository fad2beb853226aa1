import { buildApi, mintKey } from '@muster/api'
import { createLogger } from '@muster/runtime'
import { openStore } from '@muster/store'
import { describeWithTools, testDatabase, toolPath } from '@muster/testkit'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ACTOR = { keyId: 'test', role: 'admin', requestId: 'test' } as const
const CHEAP = { argon2: { memoryKib: 64, passes: 1, lanes: 1 }, bcryptCost: 4, queueLength: 64 }
/** Nothing of the browser's own may go out, and nothing may ask a question. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const { url } = await testDatabase()

describeWithTools('the console in a real browser', ['chromium'], () => {
  let origin = ''
  let token = ''
  let browser: Browser
  let page: Page
  /** Whatever the browser complains about, and whatever it asks of anybody but us. */
  const complaints: string[] = []
  const closers: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    const store = await openStore({ databaseUrl: url })
    const minted = mintKey()
    token = minted.token
    const key = { keyId: minted.keyId, name: 'console', role: 'admin', host: null, expiresAt: null, secretHash: minted.secretHash } as const
    await store.directory.createKey(key, ACTOR)
    const log = createLogger({ level: 'silent', name: 'test' })
    const app = await buildApi({ directory: store.directory, config: { hashing: CHEAP }, log })
    origin = await app.listen({ host: '127.0.0.1', port: 0 })
    browser = await chromium.launch({ executablePath: toolPath('chromium'), args: FLAGS })
    closers.push(
      () => browser.close(),
      () => app.close(),
      () => store.close(),
    )
    page = await openPage()
  })
  afterAll(async () => {
    for (const close of closers) await close()
  })

  async function openPage(): Promise<Page> {
    const opened = await (await browser.newContext()).newPage()
    opened.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
    opened.on('pageerror', (error) => complaints.push(error.message))
    opened.on('requestfailed', (request) => complaints.push(`${request.url()} failed`))
    opened.on('request', (request) => {
      const { protocol, host } = new URL(request.url())
      if (protocol !== 'data:' && host !== new URL(origin).host) complaints.push(`${request.url()} is elsewhere`)
    })
    return opened
  }

  /** Opens an operation, sends what the console has filled in, and answers the status that it shows. */
  async function execute(tag: string, operationId: string): Promise<string> {
    const operation = page.locator(`#operations-${tag}-${operationId}`)
    if (!(await operation.getAttribute('class'))?.includes('is-open')) await operation.locator('.opblock-summary-control').click()
    const answered = page.waitForResponse((response) => response.url().includes('/v1/'))
    await operation.getByRole('button', { name: 'Execute' }).click()
    const status = String((await answered).status())
    await operation.locator('.live-responses-table tbody td.response-col_status', { hasText: status }).waitFor()
    return status
  }

  test('takes a key with its Authorize button', async () => {
    await page.goto(`${origin}/`)
    expect(page.url()).toContain('/docs')
    await page.getByRole('button', { name: 'Authorize' }).click()
    await page.locator('.auth-container input').fill(token)
    await page.locator('.auth-container').getByRole('button', { name: 'Apply credentials' }).click()
    await page.locator('.modal-ux').getByRole('button', { name: 'Close' }).first().click()
    await page.locator('.btn.authorize.locked').waitFor()
    expect(await page.locator('.modal-ux').count()).toBe(0)
  })

  describe('then', () => {
    test('creates the customer of its example, and finds it there the second time', async () => {
      expect(await execute('Customers', 'putCustomer')).toBe('201')
      expect(await execute('Customers', 'putCustomer')).toBe('200')
    })

    test('goes on from the top down with the examples as they are filled in', async () => {
      expect(await execute('Mailstores', 'putMailstore')).toBe('201')
      expect(await execute('Domains', 'putDomain')).toBe('201')
      expect(await execute('Mailboxes', 'createMailbox')).toBe('201')
      expect(await execute('Mailboxes', 'suspendMailbox')).toBe('200')
      expect(await execute('Imports', 'importMailboxes')).toBe('200')
    })

    test('still knows the key when the page is loaded again', async () => {
      await page.reload()
      expect(await execute('Customers', 'getCustomer')).toBe('200')
    })

    test('the browser had nothing to complain of, and asked nobody else', () => {
      expect(complaints).toEqual([])
    })
  })
})
