import { CursorField, MapNameField, Problem, ref } from '@muster/contract'
import { Type, type TSchema } from 'typebox'

/** Path parameters. The patterns keep anything out that is not the name of one of our files. */
export const MapParam = { map: MapNameField }
export const SnapshotParams = { ...MapParam, cursor: CursorField }
export const ShardParam = {
  shard: Type.String({ pattern: '^[0-9a-f]{2,3}$', description: 'Name of a shard, as in the manifest.', examples: ['00'] }),
}
export const FromParam = { from: CursorField }

const Root = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'Root hash of its content (SHA-256, hex): equal content, equal root.',
  examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
})

export const MapList = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          map: MapNameField,
          cursor: CursorField,
          root: Root,
          entries: Type.Integer({ minimum: 0, description: 'Number of lines.', examples: [5000] }),
          bytes: Type.Integer({ minimum: 0, description: 'Length of all shards together.', examples: [1_150_000] }),
        },
        { additionalProperties: false },
      ),
      { description: 'The maps that the key may read, by name.' },
    ),
  },
  { additionalProperties: false, description: 'Maps as they are published now.' },
)

/** A response that is one of our text files. */
export function textFile(description: string): TSchema {
  return { description, content: { 'text/plain': { schema: { type: 'string' } } } } as TSchema
}

export const notModified = { description: 'It is what `If-None-Match` names.', type: 'null' } as TSchema

export const nothingNew = {
  description: 'It is what `If-None-Match` names, or nothing was published that concerns the key.',
  type: 'null',
} as TSchema

export const MAP_PROBLEMS = {
  forbidden: { status: 403, title: 'The key may not do this' },
  map_not_found: { status: 404, title: 'There is no such map' },
  snapshot_not_found: { status: 404, title: 'This state of the map is not kept' },
  shard_not_found: { status: 404, title: 'The map has no such shard' },
  delta_not_found: { status: 404, title: 'No delta begins at this cursor' },
  nothing_published: { status: 503, title: 'Nothing is published yet' },
} as const
export type MapProblem = keyof typeof MAP_PROBLEMS

/** The problems of a route for its schema, one response a status. */
export function mapProblems(...codes: MapProblem[]): Record<number, TSchema> {
  const responses: Record<number, TSchema> = {}
  for (const status of new Set(codes.map((code) => MAP_PROBLEMS[code].status))) {
    const lines = codes.filter((c) => MAP_PROBLEMS[c].status === status).map((c) => `\`${c}\`: ${MAP_PROBLEMS[c].title}.`)
    responses[status] = { description: lines.join('\n\n'), content: { 'application/problem+json': { schema: ref(Problem) } } } as TSchema
  }
  return responses
}
