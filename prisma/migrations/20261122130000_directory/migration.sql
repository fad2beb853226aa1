-- The directory: its rows, the append-only log of their changes, and the revisions that number what was committed.
-- Keys are compared by bytes (collate "C"): the same order on every machine, and no index is lost to a new libc.

create type state as enum ('active', 'suspended', 'closed'); -- in order of strength: greatest() is the state that wins
create type mailstore_state as enum ('open', 'draining', 'offline', 'retired');
create type key_role as enum ('admin', 'auditor', 'host');
create type change_kind as enum ('customer', 'domain', 'mailbox', 'mailstore', 'host', 'key', 'lineage');
create type change_action as enum ('create', 'update', 'delete', 'suspend', 'resume', 'close', 'affected');
create type report_level as enum ('staged', 'applied', 'effective');

-- ---------------------------------------------------------------------------------------------------------------- revisions

-- 64 random bits as 16 hex digits: a version 4 UUID from the server's strong source, less the digits that are not random.
create function random_nonce() returns text language sql volatile as $$
  select substr(u, 1, 12) || substr(u, 29, 4) from replace(gen_random_uuid()::text, '-', '') as u
$$;

-- One row: where the directory stands. Only stamp_revision() and an accepted restore write it. It is rewritten by every commit, so
-- its page is kept nearly empty: the new version fits beside the old one (HOT), and no index is touched.
create table directory_head (
  one boolean primary key default true check (one),
  lineage integer not null default 1 check (lineage > 0),
  revision bigint not null default 0,
  nonce text collate "C" not null default random_nonce()
) with (fillfactor = 10);

-- One row a committed transaction that logged something, dense and in commit order.
create table revision (
  revision bigint primary key,
  lineage integer not null,
  nonce text collate "C" not null,
  change_set bigint not null unique,
  committed_at timestamptz not null default clock_timestamp()
);

-- Revision 0 is the empty directory: a cursor at 0 is held, or not, like any other.
insert into directory_head default values;
insert into revision (revision, lineage, nonce, change_set) select 0, lineage, nonce, 0 from directory_head;

-- Names the transaction in log, rows and revision. Not the transaction id: those restart when a dump is loaded into a new cluster.
create sequence change_set_seq;

create table change_log (
  id bigint generated always as identity primary key,
  change_set bigint not null default 0,   -- given by the trigger, whatever the writer says
  first boolean not null default false,   -- likewise: the first row of its transaction, which brings about the stamp
  kind change_kind not null,
  key text collate "C" not null,
  action change_action not null,
  mailstore text collate "C",             -- what it left: for a mailbox, the mailstore it was on before
  customer_id text collate "C",
  actor text collate "C" not null,
  request_id text not null,
  before jsonb,                           -- never a password or a hash
  after jsonb
);
create index change_log_change_set on change_log (change_set, id);

-- The token lives in a setting local to the transaction, so it goes back with a savepoint: the next row is then the first again, and
-- the stamp queued for the row that vanished has vanished with it.
create function open_change_set() returns trigger language plpgsql as $$
declare
  token text := current_setting('muster.change_set', true);
begin
  new.first := coalesce(token, '') = '';
  if new.first then
    -- Under REPEATABLE READ the head row another commit has moved can't be updated: every second writer would fail at COMMIT.
    if current_setting('transaction_isolation') <> 'read committed' then
      raise exception 'the directory is written at READ COMMITTED only, and this transaction is %', upper(current_setting('transaction_isolation'))
        using errcode = 'invalid_transaction_state';
    end if;
    token := nextval('change_set_seq')::text;
    perform set_config('muster.change_set', token, true);
  end if;
  new.change_set := token::bigint;
  return new;
end $$;
create trigger open_change_set before insert on change_log for each row execute function open_change_set();

-- Once a statement: the change set is one that this transaction opened and that has no revision yet. A committed one always has its
-- revision, so a token taken from elsewhere fails here, and so does a row logged after the stamp.
-- The rows of a change set begin with its first. A sequential scan is never right here, whatever the statistics said when a session
-- made its plan: a log that was empty then may hold millions of rows now.
create function check_change_set() returns trigger language plpgsql set enable_seqscan = off as $$
declare
  token text := current_setting('muster.change_set', true);
  opened boolean;
begin
  if coalesce(token, '') = '' then return null; end if; -- the statement logged nothing
  select c.first into opened from change_log c where c.change_set = token::bigint order by c.id limit 1;
  if opened is null then return null; end if;
  if not opened then
    raise exception 'change set % was not opened by a logged row', token using errcode = 'invalid_transaction_state';
  end if;
  if exists (select from revision r where r.change_set = token::bigint) then
    raise exception 'a change was logged after its revision was stamped' using errcode = 'invalid_transaction_state';
  end if;
  return null;
end $$;
create trigger check_change_set after insert on change_log for each statement execute function check_change_set();

-- At COMMIT, once a transaction: the head row is locked last, and only until the commit is on disk. Whoever comes next waits for it,
-- so the order of revisions is the order of commits, and a rollback leaves no gap.
create function stamp_revision() returns trigger language plpgsql as $$
begin
  with head as (
    update directory_head set revision = revision + 1, nonce = random_nonce() returning revision, lineage, nonce
  )
  insert into revision (revision, lineage, nonce, change_set) select h.revision, h.lineage, h.nonce, new.change_set from head h;
  if not found then raise exception 'directory_head has no row'; end if;
  return null;
end $$;
create constraint trigger stamp_revision after insert on change_log
  deferrable initially deferred for each row when (new.first) execute function stamp_revision();

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'object_not_in_prerequisite_state';
end $$;
create trigger append_only before update or delete or truncate on change_log for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on revision for each statement execute function refuse_change();

-- ---------------------------------------------------------------------------------------------------------------- the directory
-- Each row keeps the change set that last wrote it; its revision is found by it.

create table customer (
  customer_id text collate "C" primary key,
  name text not null,
  state state not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  change_set bigint not null
);

create table domain (
  domain text collate "C" primary key,
  customer_id text collate "C" not null references customer,
  state state not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  change_set bigint not null,
  unique (domain, customer_id)
);
create index domain_customer on domain (customer_id, domain);

create table mailstore (
  name text collate "C" primary key,
  host text not null,
  port integer check (port between 1 and 65535),
  root text collate "C" not null,
  uid integer not null check (uid >= 0),
  gid integer not null check (gid >= 0),
  state mailstore_state not null default 'open',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  change_set bigint not null
);

-- home_path lies below the mailstore's root and maildir_path below the home ('' when the home is the Maildir), so that a mailstore
-- mounted elsewhere is one row's change.
create table mailbox (
  mailbox_id uuid primary key default gen_random_uuid(),
  address text collate "C" not null unique,
  domain text collate "C" not null,
  customer_id text collate "C" not null,
  mailstore text collate "C" not null references mailstore,
  home_path text collate "C" not null,
  maildir_path text collate "C" not null,
  uid integer not null check (uid >= 0),
  gid integer not null check (gid >= 0),
  quota_bytes bigint check (quota_bytes >= 0),       -- null is unlimited
  quota_messages bigint check (quota_messages >= 0),
  services text[] not null check (services <@ array['imap', 'pop3', 'smtp']),
  name text,
  state state not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  change_set bigint not null,
  foreign key (domain, customer_id) references domain (domain, customer_id),
  unique (mailstore, home_path),
  check (right(address, length(domain) + 1) = '@' || domain)
) with (fillfactor = 90);
create index mailbox_domain on mailbox (domain, address);
create index mailbox_customer on mailbox (customer_id, address);
create index mailbox_mailstore on mailbox (mailstore, address);

-- Apart from the row, so that no everyday read can carry a hash along.
create table mailbox_password (
  mailbox_id uuid primary key references mailbox on delete cascade,
  argon2id text,
  crypt text,
  check (argon2id is not null or crypt is not null)
);

create table host (
  name text collate "C" primary key,
  roles text[] not null check (roles <@ array['mx', 'proxy', 'mailstore', 'smarthost', 'webmail', 'radius']),
  mailstores text[] not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  change_set bigint not null
);

create table api_key (
  key_id text collate "C" primary key,
  name text not null,
  role key_role not null,
  host text collate "C" references host,
  secret_hash bytea not null,             -- SHA-256 of the secret, which is random: nothing slower is needed
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  change_set bigint not null,
  check ((role = 'host') = (host is not null))
);
create index api_key_host on api_key (host) where host is not null;

-- Who had an address or a domain that was deleted. No other customer is given it before `until`.
create table tombstone (
  kind change_kind not null check (kind in ('mailbox', 'domain')),
  key text collate "C" not null,
  customer_id text collate "C" not null,
  deleted_at timestamptz not null default now(),
  until timestamptz not null,
  primary key (kind, key)
);
create index tombstone_until on tombstone (until);

-- Where each host stands with each of its maps, as its agent last said. Not part of the directory: nothing is logged.
create table host_report (
  host text collate "C" not null references host on delete cascade,
  map text collate "C" not null,
  lineage integer,
  revision bigint,
  nonce text collate "C",
  root text,
  level report_level not null,
  failed_step text,
  reason text,
  reported_at timestamptz not null default now(),
  primary key (host, map),
  check (num_nulls(lineage, revision, nonce) in (0, 3))
);

-- The database's own clock, whoever updates.
create function touch() returns trigger language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end $$;
create trigger touch before update on customer for each row execute function touch();
create trigger touch before update on domain for each row execute function touch();
create trigger touch before update on mailstore for each row execute function touch();
create trigger touch before update on mailbox for each row execute function touch();
create trigger touch before update on host for each row execute function touch();

-- ---------------------------------------------------------------------------------------------------------------- reading
-- What a reader is shown: the row, its status (the strongest state above it) and its revision, all of one instant. Never a hash.

create view customer_view as
  select c.customer_id, c.name, c.state, c.created_at, c.updated_at, coalesce(r.revision, 0) as revision
  from customer c left join revision r using (change_set);

create view domain_view as
  select d.domain, d.customer_id, d.state, greatest(d.state, c.state) as status, d.created_at, d.updated_at,
    coalesce(r.revision, 0) as revision
  from domain d join customer c using (customer_id) left join revision r on r.change_set = d.change_set;

create view mailbox_view as
  select m.mailbox_id, m.address, m.domain, m.customer_id, m.mailstore, s.root || '/' || m.home_path as home,
    s.root || '/' || m.home_path || case m.maildir_path when '' then '' else '/' || m.maildir_path end as maildir,
    m.uid, m.gid, m.quota_bytes, m.quota_messages, m.services, m.name,
    exists (select from mailbox_password p where p.mailbox_id = m.mailbox_id) as has_password,
    m.state, greatest(m.state, d.state, c.state) as status, m.created_at, m.updated_at, coalesce(r.revision, 0) as revision
  from mailbox m
    join domain d using (domain)
    join customer c on c.customer_id = m.customer_id
    join mailstore s on s.name = m.mailstore
    left join revision r on r.change_set = m.change_set;

create view mailstore_view as
  select s.name, s.host, s.port, s.root, s.uid, s.gid, s.state, s.created_at, s.updated_at, coalesce(r.revision, 0) as revision
  from mailstore s left join revision r using (change_set);

create view host_view as
  select h.name, h.roles, h.mailstores, h.created_at, h.updated_at, coalesce(r.revision, 0) as revision
  from host h left join revision r using (change_set);
