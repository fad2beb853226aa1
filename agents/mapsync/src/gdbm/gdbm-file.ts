import { getSystemErrorMap } from 'node:util'
import { type Datum, type ForeignDatum, freeForeign, loadLibGdbm, type LibGdbm, type Pointer, readGdbmErrno } from './libgdbm.js'

/** gdbm.h: how a file is opened, and what `gdbm_store` does with a key that is there. */
const READER = 0
const WRITER = 1
const NEW_DATABASE = 3
const NO_MMAP = 0x80
const CLOSE_ON_EXEC = 0x100
const INSERT = 0
const REPLACE = 1
const ITEM_NOT_FOUND = 15
const CANNOT_REPLACE = 17

/** What libgdbm said, with the errno below it where there was one (ENOSPC, EACCES, ...). */
export class GdbmError extends Error {
  override readonly name = 'GdbmError'
  constructor(
    readonly action: string,
    readonly path: string,
    readonly gdbmErrno: number,
    text: string,
    /** `ENOSPC` and the like; null when the kernel refused nothing. */
    readonly code: string | null,
  ) {
    super(`${action} ${path}: ${text}${code === null ? '' : ` (${code})`}`)
  }
}

/**
 * One open GDBM file. `create` and `update` take libgdbm's exclusive lock and are only for files no daemon knows yet; `openReader` takes
 * the shared lock a daemon takes. Writers work without mmap: libgdbm maps anew for every block it adds, and measured 20 % slower so.
 */
export class GdbmFile {
  readonly #lib: LibGdbm
  #file: Pointer
  /** Reused for every value read; grown when one is larger. */
  #scratch = Buffer.alloc(16_384)

  private constructor(
    readonly path: string,
    flags: number,
    mode: number,
  ) {
    this.#lib = loadLibGdbm()
    this.#file = this.#lib.open(path, 0, flags | CLOSE_ON_EXEC, mode, null)
    if (this.#file === null) throw openError(this.#lib, path)
  }

  /** A new, empty database; whatever lay at the path is lost. */
  static create(path: string, mode = 0o600): GdbmFile {
    return new GdbmFile(path, NEW_DATABASE | NO_MMAP, mode)
  }

  /** Opens a private copy for changes. Never the file a daemon reads. */
  static update(path: string): GdbmFile {
    return new GdbmFile(path, WRITER | NO_MMAP, 0)
  }

  static openReader(path: string): GdbmFile {
    return new GdbmFile(path, READER, 0)
  }

  /** False when the key is there already and `replace` was not asked for. */
  store(key: Buffer, value: Buffer, replace = false): boolean {
    const code = this.#lib.store(this.#open(), datum(key), datum(value), replace ? REPLACE : INSERT)
    if (code === 0) return true
    if (code === 1 && this.#lib.lastErrno(this.#file) === CANNOT_REPLACE) return false
    throw this.#error('store in')
  }

  /** False when there was no such key. */
  remove(key: Buffer): boolean {
    if (this.#lib.remove(this.#open(), datum(key)) === 0) return true
    if (this.#lib.lastErrno(this.#file) === ITEM_NOT_FOUND) return false
    throw this.#error('delete from')
  }

  /** null when there is no such key; a database that cannot be read throws. */
  fetch(key: Buffer): Buffer | null {
    return this.#take(this.#lib.fetch(this.#open(), datum(key)), 'fetch from')
  }

  has(key: Buffer): boolean {
    return this.#lib.exists(this.#open(), datum(key)) !== 0
  }

  /** In no order. The database must not be changed meanwhile. */
  *keys(): Generator<Buffer> {
    let key = this.#take(this.#lib.firstKey(this.#open()), 'walk')
    while (key !== null) {
      yield key
      key = this.#take(this.#lib.nextKey(this.#open(), datum(key)), 'walk')
    }
  }

  count(): number {
    const out: [number] = [0]
    if (this.#lib.count(this.#open(), out) !== 0) throw this.#error('count')
    return Number(out[0])
  }

  /**
   * Brings everything to the disk. libgdbm 1.23 drops the result of writing a bucket while it stores, and only marks the file as in need
   * of recovery: that mark is asked for here, or a full disk would pass unseen.
   */
  sync(): void {
    const failed = this.#lib.sync(this.#open()) !== 0
    if (failed || this.#lib.needsRecovery(this.#file) !== 0) throw this.#error('sync')
  }

  close(): void {
    if (this.#file === null) return
    const file = this.#file
    this.#file = null
    if (this.#lib.close(file) !== 0) throw openError(this.#lib, this.path, 'close')
  }

  #open(): Pointer {
    if (this.#file === null) throw new Error(`${this.path} is closed`)
    return this.#file
  }

  /** Copies what libgdbm allocated and frees it. */
  #take(found: ForeignDatum, action: string): Buffer | null {
    if (found.dptr === null) {
      const code = this.#lib.lastErrno(this.#file)
      if (code === ITEM_NOT_FOUND) return null
      throw this.#error(action)
    }
    if (found.dsize > this.#scratch.length) this.#scratch = Buffer.alloc(found.dsize * 2)
    this.#lib.memcpy(this.#scratch, found.dptr, found.dsize)
    freeForeign(found.dptr)
    return Buffer.from(this.#scratch.subarray(0, found.dsize))
  }

  #error(action: string): GdbmError {
    const code = this.#lib.lastErrno(this.#file)
    return new GdbmError(action, this.path, code, this.#lib.strerror(code), errnoName(this.#lib.lastSyserr(this.#file)))
  }
}

/** An empty Buffer has no address, and libgdbm refuses NULL: so an empty datum points at a byte it does not own. */
const NOWHERE = Buffer.alloc(1)

function datum(bytes: Buffer): Datum {
  return { dptr: bytes.length === 0 ? NOWHERE : bytes, dsize: bytes.length }
}

function openError(lib: LibGdbm, path: string, action = 'open'): GdbmError {
  const code = readGdbmErrno(lib)
  return new GdbmError(action, path, code, lib.strerror(code), null)
}

function errnoName(errno: number): string | null {
  return errno === 0 ? null : (getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`)
}
