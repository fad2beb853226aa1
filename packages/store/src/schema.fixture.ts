import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findMigrationsFolder } from './migrations-folder.js'

export interface ModelField {
  readonly column: string
  /** The type as PostgreSQL names it in pg_type, `_` before it for an array. */
  readonly type: string
  readonly nullable: boolean
  readonly hasDefault: boolean
}

export interface Model {
  readonly kind: 'model' | 'view'
  readonly table: string
  readonly fields: readonly ModelField[]
  /** Columns of the primary key, of each unique key and index, and of each foreign key with the table it points to: one line each. */
  readonly keys: readonly string[]
}

export interface Schema {
  readonly models: readonly Model[]
  readonly enums: ReadonlyMap<string, readonly string[]>
}

const SCALARS: Readonly<Record<string, string>> = {
  String: 'text',
  Boolean: 'bool',
  Int: 'int4',
  BigInt: 'int8',
  Json: 'jsonb',
  Bytes: 'bytea',
}
const NATIVE: Readonly<Record<string, string>> = { '@db.Uuid': 'uuid', '@db.Timestamptz': 'timestamptz' }

interface Block {
  readonly kind: string
  readonly name: string
  readonly lines: readonly string[]
  readonly table: string
}

/** Reads prisma/schema.prisma as far as this repository uses its language; what it does not understand, it throws at. */
export function readSchema(): Schema {
  const text = readFileSync(join(dirname(findMigrationsFolder()), 'schema.prisma'), 'utf8')
  const blocks = [...text.matchAll(/^(model|view|enum) (\w+) \{\n(.*?)^\}/gms)].map(([, kind = '', name = '', body = '']) => {
    const lines = body
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('//'))
    return { kind, name, lines: lines.filter((line) => !line.startsWith('@@map')), table: /@@map\("(\w+)"\)/.exec(body)?.[1] ?? name }
  })
  const byName = new Map(blocks.map((block) => [block.name, block]))
  return {
    enums: new Map(blocks.filter((b) => b.kind === 'enum').map((b) => [b.table, b.lines])),
    models: blocks.filter((b) => b.kind !== 'enum').map((block) => toModel(block, byName)),
  }
}

function toModel(block: Block, blocks: ReadonlyMap<string, Block>): Model {
  const fields: ModelField[] = []
  const keys: string[] = []
  for (const line of block.lines) {
    if (line.startsWith('@@')) keys.push(blockKey(line, block))
    else if (isRelation(line, blocks)) keys.push(...foreignKey(line, block, blocks))
    else {
      const field = toField(line, blocks)
      fields.push(field)
      if (/ @id\b/.test(line)) keys.push(`primary key (${field.column})`)
      if (/ @unique\b/.test(line)) keys.push(`unique (${field.column})`)
    }
  }
  return { kind: block.kind as Model['kind'], table: block.table, fields, keys: keys.sort() }
}

function toField(line: string, blocks: ReadonlyMap<string, Block>): ModelField {
  const [, name = '', type = '', mark] = /^(\w+)\s+(\w+)(\?|\[\])?/.exec(line) ?? []
  const native = Object.keys(NATIVE).find((attribute) => line.includes(attribute))
  const plain = native ? NATIVE[native] : (SCALARS[type] ?? (blocks.get(type)?.kind === 'enum' ? blocks.get(type)?.table : undefined))
  if (plain === undefined) throw new Error(`what type is this? ${line}`)
  return {
    column: columnOf(line) ?? name,
    type: mark === '[]' ? `_${plain}` : plain,
    nullable: mark === '?',
    hasDefault: line.includes('@default('),
  }
}

function columnOf(line: string): string | undefined {
  return / @map\("(\w+)"\)/.exec(line)?.[1]
}

function columnsOf(list: string, block: Block | undefined): string {
  const names = list.split(',').map((name) => name.trim())
  return names.map((name) => columnOf(block?.lines.find((line) => line.startsWith(`${name} `)) ?? '') ?? name).join(', ')
}

function blockKey(line: string, block: Block): string {
  const [, what = '', list = ''] = /^@@(id|unique|index)\(\[([^\]]+)\]/.exec(line) ?? []
  const word = { id: 'primary key', unique: 'unique', index: 'index' }[what]
  if (!word) throw new Error(`what key is this? ${line}`)
  return `${word} (${columnsOf(list, block)})`
}

function isRelation(line: string, blocks: ReadonlyMap<string, Block>): boolean {
  const type = /^\w+\s+(\w+)/.exec(line)?.[1] ?? ''
  return blocks.get(type)?.kind === 'model'
}

/** Only the side that holds the columns has fields; the other is Prisma's way of looking back. */
function foreignKey(line: string, block: Block, blocks: ReadonlyMap<string, Block>): string[] {
  const match = /^\w+\s+(\w+).*@relation\(fields: \[([^\]]+)\], references: \[([^\]]+)\], onDelete: (\w+)/.exec(line)
  if (!match) return []
  const [, type = '', fields = '', references = '', onDelete = ''] = match
  const target = blocks.get(type)
  return [`foreign key (${columnsOf(fields, block)}) references ${target?.table} (${columnsOf(references, target)}) on delete ${onDelete}`]
}
