import { testDatabase } from '@muster/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readSchema } from './schema.fixture.js'

const { url } = await testDatabase()
const schema = readSchema()
let client: Client

beforeAll(async () => {
  client = new Client({ connectionString: url })
  await client.connect()
})
afterAll(() => client.end())

interface ColumnRow {
  readonly table: string
  readonly column: string
  readonly type: string
  readonly nullable: boolean
  readonly hasDefault: boolean
}

const COLUMNS = `select c.relname as table, a.attname as column, t.typname as type, not a.attnotnull as nullable,
    a.atthasdef or a.attidentity <> '' as "hasDefault"
  from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
    and c.relname <> '_prisma_migrations'`

/** Of a view PostgreSQL does not know which columns may be null, nor has it defaults: only names and types are compared. */
const linesOf = (kind: 'model' | 'view', rows: readonly ColumnRow[]) =>
  rows
    .map(({ table, column, type, nullable, hasDefault }) =>
      kind === 'view'
        ? `${table}.${column} ${type}`
        : `${table}.${column} ${type}${nullable ? ' null' : ''}${hasDefault ? ' default' : ''}`,
    )
    .sort()

test.each(['model', 'view'] as const)('every %s of the schema has the columns of its table, and no table is missing', async (kind) => {
  const { rows } = await client.query<ColumnRow>(`${COLUMNS} and c.relkind = $1`, [kind === 'model' ? 'r' : 'v'])
  const wanted = schema.models.filter((m) => m.kind === kind).flatMap((m) => m.fields.map((field) => ({ table: m.table, ...field })))
  expect(wanted.length).toBeGreaterThan(30)
  expect(linesOf(kind, wanted)).toEqual(linesOf(kind, rows))
})

test('every enum has the same labels in the same order', async () => {
  const { rows } = await client.query<{ name: string; labels: string[] }>(
    `select t.typname as name, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
     from pg_type t join pg_enum e on e.enumtypid = t.oid group by t.typname`,
  )
  expect(Object.fromEntries(schema.enums)).toEqual(Object.fromEntries(rows.map((row) => [row.name, row.labels])))
})

const KEYS = `
  select c.relname as table, case contype when 'p' then 'primary key' when 'u' then 'unique' else 'foreign key' end ||
      ' (' || (select string_agg(attname, ', ' order by n) from unnest(k.conkey) with ordinality as u (num, n)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num) || ')' ||
      case contype when 'f' then ' references ' || f.relname || ' (' ||
        (select string_agg(attname, ', ' order by n) from unnest(k.confkey) with ordinality as u (num, n)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num) || ') on delete ' ||
        case k.confdeltype when 'a' then 'NoAction' when 'c' then 'Cascade' else k.confdeltype::text end else '' end as key
    from pg_constraint k join pg_class c on c.oid = k.conrelid left join pg_class f on f.oid = k.confrelid
    where c.relnamespace = 'public'::regnamespace and contype in ('p', 'u', 'f') and c.relname <> '_prisma_migrations'
  union all
  select c.relname, 'index (' || (select string_agg(attname, ', ' order by n) from unnest(i.indkey) with ordinality as u (num, n)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = u.num) || ')'
    from pg_index i join pg_class c on c.oid = i.indrelid
    where c.relnamespace = 'public'::regnamespace and not i.indisunique and i.indpred is null`

test('keys, indexes and references are the same', async () => {
  const { rows } = await client.query<{ table: string; key: string }>(KEYS)
  const wanted = schema.models.flatMap((model) => model.keys.map((key) => `${model.table}: ${key}`))
  expect(wanted.sort()).toEqual(rows.map((row) => `${row.table}: ${row.key}`).sort())
})
