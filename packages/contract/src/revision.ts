import { Type, type Static } from 'typebox'
import { CursorField, HostNameField, instantField, MapNameField, RevisionField } from './fields.js'
import { REPORT_LEVELS } from './report.js'
import { nullable, ref, resource, word } from './schema.js'

/** What `GET /v1/revisions` can be asked for: a tree that is merely staged changes nothing for a daemon. */
export const REVISION_LEVELS = ['applied', 'effective'] as const

const reachedFlag = (what: string) => Type.Boolean({ description: `Whether the revision is there, ${what}.`, examples: [true] })

export const RevisionMap = resource('RevisionMap', 'One map that the revision touched, on one host.', {
  map: MapNameField,
  reached: reachedFlag('at the level asked for'),
  cursor: nullable(CursorField),
  level: nullable(
    word(REPORT_LEVELS, {
      description: 'What that cursor is on the host; null before the first report.',
      examples: ['effective'],
    }),
  ),
  failedStep: nullable(Type.String({ description: 'The step at which a newer tree fails now; null when none does.', examples: ['probe'] })),
  reason: nullable(Type.String({ description: 'Why it fails; null when nothing does.', examples: ['The disk is full.'] })),
})
export type RevisionMap = Static<typeof RevisionMap>

export const RevisionHost = resource('RevisionHost', 'Where one host stands with a revision.', {
  host: HostNameField,
  concerned: Type.Boolean({
    description: 'Whether the revision touched a map of this host. False: it has nothing to fetch.',
    examples: [true],
  }),
  reached: reachedFlag('on all maps of the host that it touched'),
  maps: Type.Array(ref(RevisionMap), { description: 'The maps of the host that the revision touched.' }),
})
export type RevisionHost = Static<typeof RevisionHost>

export const Revision = resource('Revision', 'One committed change of the directory and how far it has come.', {
  revision: RevisionField,
  committedAt: instantField('When it was committed (RFC 3339, UTC).', '2026-11-22T13:00:00.000Z'),
  changes: Type.Integer({ minimum: 0, description: 'Number of things it changed, as in `GET /v1/changes`.', examples: [1] }),
  maps: Type.Array(MapNameField, { description: 'The maps it touched.', examples: [['popmap', 'userdb', 'userdb@ms1']] }),
  level: word(REVISION_LEVELS, { description: 'The level asked for.', examples: ['applied'] }),
  reached: Type.Integer({ minimum: 0, description: 'Number of concerned hosts that have it at this level.', examples: [3] }),
  of: Type.Integer({
    minimum: 0,
    description: 'Number of hosts it concerns. When `reached` equals it, the change is everywhere.',
    examples: [3],
  }),
  hosts: Type.Array(ref(RevisionHost), { description: 'Every host, by name.' }),
})
export type Revision = Static<typeof Revision>

export const Deleted = resource('Deleted', 'A thing is gone.', { revision: RevisionField })
export type Deleted = Static<typeof Deleted>
