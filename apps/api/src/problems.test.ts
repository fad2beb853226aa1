import { describe, expect, test } from 'vitest'
import { PROBLEM_CODES, problemsWithBody, sendProblem, statusOf, titleOf, type ProblemReply } from './problems.js'

function recordingReply() {
  const sent = { status: 0, headers: {} as Record<string, string | number>, body: {} as Record<string, unknown> }
  const reply: ProblemReply = {
    request: { id: 'req-1' },
    code: (status) => void (sent.status = status),
    header: (name, value) => void (sent.headers[name] = value),
    send: (body) => void (sent.body = body as Record<string, unknown>),
  }
  return { reply, sent }
}

describe('every code', () => {
  test.each(PROBLEM_CODES)('%s has a status of an error and a title that is no sentence', (code) => {
    expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/)
    expect(statusOf(code)).toBeGreaterThanOrEqual(400)
    expect(titleOf(code)).toMatch(/^[A-Z].*[^.]$/)
  })
})

test('a problem carries type, title, status, detail, code and the request it belongs to', () => {
  const { reply, sent } = recordingReply()
  sendProblem(reply, 'address_in_use', 'A mailbox has this address.')
  expect(sent).toEqual({
    status: 409,
    headers: { 'content-type': 'application/problem+json', 'x-request-id': 'req-1' },
    body: {
      type: 'urn:muster:problem:address_in_use',
      title: 'The address is taken',
      status: 409,
      detail: 'A mailbox has this address.',
      code: 'address_in_use',
      instance: 'urn:muster:request:req-1',
    },
  })
})

test('what may pass by itself says when to try again', () => {
  const { reply, sent } = recordingReply()
  sendProblem(reply, 'hashing_busy', '')
  expect(sent).toMatchObject({ status: 503, headers: { 'retry-after': 2 }, body: { detail: 'Too many passwords are being hashed.' } })
})

test('the problems of an operation are one response a status, with every code in its description', () => {
  const responses = problemsWithBody('address_in_use', 'domain_closed') as Record<string, { description?: string }>
  expect(Object.keys(responses)).toEqual(['400', '401', '403', '409', '413', '415', '500', '503'])
  expect(responses['409']?.description).toContain('`address_in_use`')
  expect(responses['409']?.description).toContain('`domain_closed`')
})
