/**
 * The theirs-side of `creates`: what PostgreSQL itself takes for a mailbox, with nothing above it. `provisioned_mailbox` is the one table
 * that a site without a directory has: as wide as a row of ours with its hash, found by its address.
 */
export const CREATE_BARE_TABLE = `
create table provisioned_mailbox (
  address text collate "C" primary key,
  domain text not null,
  mailstore text not null,
  home text not null,
  maildir text not null,
  uid integer not null,
  gid integer not null,
  quota_bytes bigint,
  password text not null,
  name text,
  active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
)`

const HASH = `$6$usesomesillystri$${'0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ./0123456789abcdefghijkl'.slice(0, 86)}`

/** Half of them in one domain's own corner of the index, as the addresses of a provider are. */
function insert(localpart: string): string {
  const address = `${localpart} || '@lakenet.test'`
  return `insert into provisioned_mailbox (address, domain, mailstore, home, maildir, uid, gid, quota_bytes, password, name)
  values (${address}, 'lakenet.test', 'ms1', '/mail1/12/34/' || ${address}, '/mail1/12/34/' || ${address} || '/Maildir', 5000, 5000,
    1000000000, '${HASH}', 'Emma Engel')`
}

const LOCALPART = `'emma.engel' || :n::bigint`
const oneLine = (sql: string) => sql.replaceAll(/\s+/g, ' ')

/** One INSERT, committed by itself. */
export const INSERT = `\\set n random(1, 1000000000000000)\n${oneLine(insert(LOCALPART))};\n`

/**
 * The same INSERT with its log row in one transaction. The triggers of the directory stamp a revision at its COMMIT, as they do for every
 * write of ours: nothing that keeps the invariants of the log can be faster.
 */
export const LOGGED_INSERT = `\\set n random(1, 1000000000000000)
begin;
${oneLine(insert(LOCALPART))};
${oneLine(`insert into change_log (kind, key, action, customer_id, actor, request_id, after)
  values ('mailbox', ${LOCALPART} || '@lakenet.test', 'create', 'provider', 'k3yd0fb1ll1n', 'req-' || :n::bigint,
    '{"mailstore": "ms1", "home": "/mail1/12/34/emma.engel@lakenet.test", "uid": 5000, "gid": 5000, "quotaBytes": 1000000000}')`)};
commit;
`

/** Rows that were there before, in as many as the directory has mailboxes. */
export function fillBareTable(rows: number): string {
  return `${oneLine(insert(`'user' || i`)).replace(/values \((.*)\)$/, 'select $1')} from generate_series(1, ${rows}) as i`
}
