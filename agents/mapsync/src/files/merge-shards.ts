import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry } from '@muster/maps'
import { compareKeys, shardCountOf, shardName, type Tree } from '@muster/maptree'

const CHUNK_BYTES = 65_536

/**
 * All entries of a tree in the order of their keys, from its sorted shards: a merge that holds one chunk of each shard, 16 MB for 256, and
 * never the map. The shards' digests are not checked here: who needs that reads back what was made of it.
 */
export function* mergeShards(tree: Tree): Generator<Entry> {
  const count = shardCountOf(tree.manifest)
  const files = tree.manifest.shards.map((_, i) => join(tree.spec.dir, 'shards', shardName(i, count)))
  const cursors = files.map((file) => openLines(file, tree.spec.keyOfLine))
  try {
    const heap: LineCursor[] = []
    for (const cursor of cursors) if (cursor.advance()) siftUp(heap, heap.push(cursor) - 1)
    for (let top = heap[0]; top !== undefined; top = heap[0]) {
      yield top.entry
      if (!top.advance()) {
        const last = heap.pop() as LineCursor
        if (last === top) continue
        heap[0] = last
      }
      siftDown(heap)
    }
  } finally {
    for (const cursor of cursors) cursor.close()
  }
}

interface LineCursor {
  entry: Entry
  /** Steps to the next line; false at the end. */
  advance(): boolean
  close(): void
}

function openLines(file: string, keyOfLine: (line: string) => string): LineCursor {
  const lines = readLinesSync(file)
  const cursor: LineCursor = {
    entry: { key: '', line: '' },
    advance: () => {
      const next = lines.next()
      if (next.done === true) return false
      cursor.entry = { key: keyOfLine(next.value), line: next.value }
      return true
    },
    close: () => void lines.return(undefined),
  }
  return cursor
}

/** The lines of a file without their newlines, a chunk of it in memory at a time. */
export function* readLinesSync(file: string, chunkBytes = CHUNK_BYTES): Generator<string, void, undefined> {
  const fd = openSync(file, 'r')
  try {
    let rest = Buffer.alloc(0)
    const chunk = Buffer.alloc(chunkBytes)
    for (;;) {
      const bytes = readSync(fd, chunk, 0, chunk.length, null)
      if (bytes === 0) break
      rest = Buffer.concat([rest, chunk.subarray(0, bytes)])
      const end = rest.lastIndexOf(0x0a)
      if (end < 0) continue
      yield* rest.toString('utf8', 0, end).split('\n')
      rest = rest.subarray(end + 1)
    }
    if (rest.length > 0) yield rest.toString('utf8')
  } finally {
    closeSync(fd)
  }
}

function before(a: LineCursor, b: LineCursor): boolean {
  return compareKeys(a.entry.key, b.entry.key) < 0
}

function siftUp(heap: LineCursor[], from: number): void {
  for (let i = from; i > 0;) {
    const parent = (i - 1) >> 1
    if (!before(heap[i] as LineCursor, heap[parent] as LineCursor)) return
    swap(heap, i, parent)
    i = parent
  }
}

function siftDown(heap: LineCursor[]): void {
  for (let i = 0; ;) {
    let least = i
    for (const child of [2 * i + 1, 2 * i + 2]) {
      if (child < heap.length && before(heap[child] as LineCursor, heap[least] as LineCursor)) least = child
    }
    if (least === i) return
    swap(heap, i, least)
    i = least
  }
}

function swap(heap: LineCursor[], i: number, j: number): void {
  ;[heap[i], heap[j]] = [heap[j] as LineCursor, heap[i] as LineCursor]
}
