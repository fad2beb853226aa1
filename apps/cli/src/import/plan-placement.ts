import { pathBelow } from '@muster/domain'
import type { ImportRecord } from './import-record.js'
import type { PopmapRecord } from './read-popmap.js'
import type { SiteRecords } from './read-site.js'
import { badLine, where, type BadLine, type LineOutcome, type Place } from './source-lines.js'

/** What placement needs to know of a mailstore. */
export interface MailstorePlace {
  readonly name: string
  readonly host: string
  readonly port: number | null
  readonly root: string
}

export interface PlacementFacts {
  readonly mailstores: readonly MailstorePlace[]
  /** Where a mailbox goes of which neither popmap nor home says anything; null: that is a bad line. */
  readonly fallback: string | null
}

export interface PlacedRecords {
  readonly records: readonly ImportRecord[]
  readonly bad: readonly BadLine[]
  /** Mailboxes that no popmap entry leads to today, and that were placed by their home or by the fallback. */
  readonly withoutPopmap: number
}

/**
 * Joins what the mailstores say (userdb) with what the proxies say (popmap). A mailbox is a userdb entry; the popmap says on which
 * mailstore it is, and without that its home does. Where the two contradict each other the line is bad: one of them is wrong today.
 */
export function planPlacement(site: SiteRecords, facts: PlacementFacts): PlacedRecords {
  const routes = new Map(site.routes.map((route) => [route.address, route]))
  const placed: ImportRecord[] = []
  const bad: BadLine[] = []
  let withoutPopmap = 0
  for (const record of site.records) {
    if (site.spoiled.has(record.address)) continue
    const route = routes.get(record.address)
    if (route === undefined) withoutPopmap++
    routes.delete(record.address)
    const mailstore = route === undefined ? placeByHome(record, facts) : placeByRoute(record, route, facts)
    if (mailstore.ok) placed.push({ ...record, item: { ...record.item, mailstore: mailstore.value } })
    else bad.push(mailstore.bad)
  }
  for (const { place, address } of routes.values()) {
    if (!site.spoiled.has(address))
      bad.push(badLine(place, 'popmap_without_userdb', `${address} has no userdb entry; a popmap alone does not make a mailbox.`).bad)
  }
  return { records: placed, bad, withoutPopmap }
}

/** The mailstore with the address that the popmap names; its port too, since proxies will connect to what the directory says. */
function placeByRoute(record: ImportRecord, route: PopmapRecord, facts: PlacementFacts): LineOutcome<string> {
  const host = route.host.toLowerCase()
  const atHost = facts.mailstores.filter((mailstore) => mailstore.host.toLowerCase() === host)
  const exact = atHost.filter(({ port }) => port === route.port)
  const target = `${route.host}${route.port === null ? '' : `:${route.port}`}`
  if (exact.length === 0)
    return badLine(route.place, 'mailstore_unknown', `No mailstore has the address ${target}.${adviseAddress(route, atHost)}`)
  const { home } = record.item
  const fitting = home === undefined ? exact : exact.filter(({ root }) => pathBelow(root, home) !== null)
  if (fitting.length === 0) {
    const roots = exact.map(({ name, root }) => `${name} (${root})`).join(', ')
    const reason = `The home ${home} is not on ${roots}, where ${where(route.place)} sends ${record.address}.`
    return badLine(record.place, 'mailstore_contradiction', reason)
  }
  return takeOne(record.place, fitting, facts.fallback, `${target} is the address of`)
}

function adviseAddress(route: PopmapRecord, atHost: readonly MailstorePlace[]): string {
  const [near] = atHost
  if (near === undefined) return ' Put it first: PUT /v1/mailstores/{name}.'
  const has = near.port === null ? 'without a port' : `with port ${near.port}`
  return ` ${near.name} has that host ${has}: set its port to ${route.port ?? 'null'}, or correct the line.`
}

function placeByHome(record: ImportRecord, facts: PlacementFacts): LineOutcome<string> {
  const { home } = record.item
  const below = home === undefined ? [] : facts.mailstores.filter(({ root }) => pathBelow(root, home) !== null)
  const longest = Math.max(...below.map(({ root }) => root.length))
  const nearest = below.filter(({ root }) => root.length === longest)
  if (nearest.length > 0) return takeOne(record.place, nearest, facts.fallback, `${home} lies below the root of`)
  if (facts.fallback !== null) return { ok: true, value: facts.fallback }
  const reason = `Nothing says on which mailstore ${record.address} is: no popmap entry, and no root above its home. Give --mailstore.`
  return badLine(record.place, 'mailstore_unknown', reason)
}

/** Several mailstores may share a root, or a server: then the fallback decides, if it is one of them. */
function takeOne(place: Place, mailstores: readonly MailstorePlace[], fallback: string | null, why: string): LineOutcome<string> {
  const [first, second] = mailstores
  const taken = second === undefined ? first : mailstores.find(({ name }) => name === fallback)
  if (taken !== undefined) return { ok: true, value: taken.name }
  const names = mailstores.map(({ name }) => name).join(' and ')
  return badLine(place, 'mailstore_ambiguous', `${why} ${names}: say which with --mailstore, or in a popmap.`)
}
