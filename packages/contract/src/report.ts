import { Type, type Static } from 'typebox'
import { CursorField, HostNameField, instantField, MapNameField } from './fields.js'
import { nullable, ref, resource, word } from './schema.js'

/** How far a map has come on a host, weakest first. */
export const REPORT_LEVELS = ['staged', 'applied', 'effective'] as const

const cursor = nullable(
  Type.String({ ...CursorField, description: 'The cursor that is live on the host: LINEAGE-REVISION-NONCE; null for none.' }),
)
const root = nullable(
  Type.String({
    pattern: '^[0-9a-f]{64}$',
    description: 'Root hash of the tree at that cursor (SHA-256, hex), read back from what is there; null for none.',
    examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  }),
)
const level = word(REPORT_LEVELS, {
  description:
    'staged: the tree is on the host, and none is compiled yet. applied: the compiled map is swapped in. effective: the daemons certainly see it.',
  examples: ['effective'],
})
const failedStep = nullable(
  Type.String({
    pattern: '^[a-z][a-z-]{0,31}$',
    description: 'The step at which a newer tree fails now (pull, stage, compile, probe, swap, ...); null when all is well.',
    examples: ['probe'],
  }),
)
const reason = nullable(
  Type.String({
    maxLength: 1000,
    // A tool's words may have several lines; what no database can hold is refused.
    pattern: '^[^\\u0000\\p{Cs}]*$',
    description: 'Why, in a sentence without secrets; null when all went well.',
    examples: ['The disk is full.'],
  }),
)

/**
 * `cursor` and `root` are of what is live at `level`, and stay so while a newer tree fails: `failedStep` tells of that one. So a host
 * never seems to lose a revision that its daemons still use.
 */
export const AgentReport = resource('AgentReport', 'Where one map stands on the host: what is live, and what fails.', {
  map: MapNameField,
  cursor,
  root,
  level,
  failedStep: Type.Optional(failedStep),
  reason: Type.Optional(reason),
})
export type AgentReport = Static<typeof AgentReport>

export const AgentReports = resource('AgentReports', 'What an agent sends after each round, with its host key.', {
  reports: Type.Array(ref(AgentReport), { minItems: 1, maxItems: 256, description: 'One a map; of two of the same map the last counts.' }),
})
export type AgentReports = Static<typeof AgentReports>

export const AgentReportsSaved = resource('AgentReportsSaved', 'What became of the reports.', {
  saved: Type.Integer({ minimum: 0, description: 'Number of reports kept.', examples: [1] }),
  ignored: Type.Array(MapNameField, {
    description: "Maps that are not this host's by its roles; their reports were not kept.",
    examples: [[]],
  }),
})
export type AgentReportsSaved = Static<typeof AgentReportsSaved>

export const HostReport = resource('HostReport', 'Where one host stands with one map, as its agent last reported.', {
  host: HostNameField,
  map: MapNameField,
  cursor,
  root,
  level,
  failedStep,
  reason,
  reportedAt: instantField('When the report came in (RFC 3339, UTC).', '2026-11-22T13:00:05.000Z'),
})
export type HostReport = Static<typeof HostReport>
