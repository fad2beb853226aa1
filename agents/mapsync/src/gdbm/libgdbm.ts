import koffi from 'koffi'

/**
 * The C functions of the system's libgdbm, the library Perdition and Courier link. Datums go in by value; what `gdbm_fetch` and the key
 * functions give back was allocated by libgdbm with malloc and is ours to free.
 */
export interface LibGdbm {
  open(path: string, blockSize: number, flags: number, mode: number, fatal: null): Pointer
  close(file: Pointer): number
  store(file: Pointer, key: Datum, value: Datum, flag: number): number
  remove(file: Pointer, key: Datum): number
  fetch(file: Pointer, key: Datum): ForeignDatum
  exists(file: Pointer, key: Datum): number
  firstKey(file: Pointer): ForeignDatum
  nextKey(file: Pointer, key: Datum): ForeignDatum
  count(file: Pointer, out: [number]): number
  sync(file: Pointer): number
  needsRecovery(file: Pointer): number
  lastErrno(file: Pointer): number
  lastSyserr(file: Pointer): number
  strerror(code: number): string
  errnoLocation(): Pointer
  memcpy(to: Buffer, from: Pointer, bytes: number): Pointer
  readonly version: string
}

/** koffi hands pointers about as BigInts; null is NULL. */
export type Pointer = bigint | null

export interface Datum {
  readonly dptr: Buffer
  readonly dsize: number
}

export interface ForeignDatum {
  readonly dptr: Pointer
  readonly dsize: number
}

export class LibGdbmMissing extends Error {
  override readonly name = 'LibGdbmMissing'
  constructor(cause: unknown) {
    super('libgdbm.so.6 is not on this machine; install the Debian package libgdbm6', { cause })
  }
}

let loaded: LibGdbm | undefined

/** Loads the library once a process; throws LibGdbmMissing where it is absent. */
export function loadLibGdbm(): LibGdbm {
  loaded ??= bind()
  return loaded
}

function bind(): LibGdbm {
  const lib = loadLibrary()
  const datum = koffi.struct({ dptr: 'void *', dsize: 'int' })
  const file = 'void *'
  const version = koffi.decode(lib.symbol('gdbm_version'), 'const char *') as string
  return {
    open: lib.func('gdbm_open', file, ['const char *', 'int', 'int', 'int', 'void *']),
    close: lib.func('gdbm_close', 'int', [file]),
    store: lib.func('gdbm_store', 'int', [file, datum, datum, 'int']),
    remove: lib.func('gdbm_delete', 'int', [file, datum]),
    fetch: lib.func('gdbm_fetch', datum, [file, datum]),
    exists: lib.func('gdbm_exists', 'int', [file, datum]),
    firstKey: lib.func('gdbm_firstkey', datum, [file]),
    nextKey: lib.func('gdbm_nextkey', datum, [file, datum]),
    count: lib.func('gdbm_count', 'int', [file, koffi.out('uint64_t *')]),
    sync: lib.func('gdbm_sync', 'int', [file]),
    needsRecovery: lib.func('gdbm_needs_recovery', 'int', [file]),
    lastErrno: lib.func('gdbm_last_errno', 'int', [file]),
    lastSyserr: lib.func('gdbm_last_syserr', 'int', [file]),
    strerror: lib.func('gdbm_strerror', 'const char *', ['int']),
    errnoLocation: lib.func('gdbm_errno_location', 'int *', []),
    memcpy: koffi.load('libc.so.6').func('memcpy', 'void *', ['void *', 'void *', 'size_t']),
    version,
  }
}

function loadLibrary(): ReturnType<typeof koffi.load> {
  try {
    return koffi.load('libgdbm.so.6')
  } catch (error) {
    throw new LibGdbmMissing(error)
  }
}

export function freeForeign(pointer: Pointer): void {
  if (pointer !== null) koffi.free(pointer)
}

/** The thread's gdbm_errno. */
export function readGdbmErrno(lib: LibGdbm): number {
  return koffi.decode(lib.errnoLocation(), 'int') as number
}
