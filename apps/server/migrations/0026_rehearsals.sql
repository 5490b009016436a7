-- Past periods under other strategies. New tables only.

create table sourcing_rehearsals (
  id uuid primary key,
  status text not null check (status in ('queued', 'running', 'done', 'canceled', 'failed')),
  period_from timestamptz not null,
  period_to timestamptz not null,
  -- Null for all channels.
  channel_ids uuid[],
  strategies json not null,
  decisions_total integer,
  decisions_done integer not null default 0,
  result json,
  error text,
  created_at timestamptz not null,
  created_by uuid not null,
  started_at timestamptz,
  finished_at timestamptz,
  check (period_from < period_to),
  check ((status = 'done') = (result is not null))
);
comment on table sourcing_rehearsals is 'owner: sourcing. A past period replayed under candidate strategies, with what came of it';
create index sourcing_rehearsals_newest on sourcing_rehearsals (created_at desc, id desc);

create table sourcing_rehearsal_flips (
  rehearsal_id uuid not null references sourcing_rehearsals (id) on delete cascade,
  -- The place of the candidate in the rehearsal, and of the flip among its flips.
  candidate smallint not null,
  position integer not null,
  decision_id uuid not null,
  decided_at timestamptz not null,
  order_id uuid not null,
  network_id uuid not null,
  -- Null where the candidate had nothing left to decide.
  outcome text,
  decision json,
  primary key (rehearsal_id, candidate, position)
);
comment on table sourcing_rehearsal_flips is 'owner: sourcing. Decisions that a candidate strategy would have made otherwise';
