-- What every module stands on: idempotency keys, the audit and the event log with its positions.
-- New tables only: no lock on anything in use.

create extension if not exists pg_trgm;

create table idempotency_keys (
  caller_id uuid not null,
  key text not null check (length(key) between 1 and 255),
  command text not null,
  input_hash text not null,
  -- Null only inside the transaction that claims the key.
  outcome jsonb,
  created_at timestamptz not null,
  primary key (caller_id, key)
);
comment on table idempotency_keys is 'owner: platform. The first outcome of every write that carried a key; kept for 30 days';
create index idempotency_keys_created_at on idempotency_keys (created_at);

create table audit_entries (
  id uuid primary key,
  at timestamptz not null,
  caller_id uuid not null,
  caller_name text not null,
  command text not null,
  subject_id uuid,
  changes jsonb,
  request_id text not null
);
comment on table audit_entries is 'owner: platform. One row for every command that changed something: who, what, when. Append-only, free of personal data';
create index audit_entries_subject on audit_entries (subject_id, id) where subject_id is not null;
create index audit_entries_caller on audit_entries (caller_id, id);

create table events (
  id uuid primary key,
  type text not null,
  at timestamptz not null,
  order_id uuid,
  order_sequence integer,
  subject_id uuid,
  data jsonb not null,
  caller_id uuid not null,
  caller_name text not null,
  request_id text not null,
  transaction_id xid8 not null default pg_current_xact_id(),
  check ((order_id is null) = (order_sequence is null))
);
comment on table events is 'owner: platform. What happened, written in the commit in which it happened';
create unique index events_order on events (order_id, order_sequence) where order_id is not null;
-- The relay reads in this order: a transaction id below the oldest running one can gain no more rows.
create index events_unrelayed on events (transaction_id, id);
create index events_subject on events (subject_id, id) where subject_id is not null;

create table event_positions (
  position bigint primary key,
  event_id uuid not null references events (id)
);
comment on table event_positions is 'owner: platform. The gapless order in which consumers read the events, given after commit by the relay';

create table relay_state (
  singleton boolean primary key default true check (singleton),
  last_position bigint not null default 0,
  last_transaction_id xid8 not null default '0',
  last_event_id uuid not null default '00000000-0000-0000-0000-000000000000'
);
comment on table relay_state is 'owner: platform. How far the relay has come; its one row is the lock that makes relays take turns';
insert into relay_state default values;
