-- Decisions are kept by month with what a faithful replay needs: the stock that was seen is rebuilt from movements, the
-- locations are stored once for each state of theirs. Rewrites sourcing_decisions; the lock lasts as long as that takes.

-- Which transaction moved the units: a snapshot says which movements it saw. What moved before this has none and was seen by all that follows.
alter table stock_movements add column transaction_id xid8;
alter table stock_movements alter column transaction_id set default pg_current_xact_id();
-- Safety stock is no movement: what it was is told by these few events.
create index events_safety_stock on events (transaction_id) where type = 'stock.safety_stock_set';

create table sourcing_networks (
  id uuid primary key,
  first_at timestamptz not null,
  content json not null
);
comment on table sourcing_networks is 'owner: sourcing. Locations and cost model in a state in which decisions saw them; the id is the hash of the content';

create table sourcing_runs (
  id uuid not null,
  at timestamptz not null,
  strategy text not null,
  strategy_version integer not null,
  network_id uuid not null,
  -- The movements that planning saw: those that this snapshot sees, up to the last one there was.
  snapshot pg_snapshot not null,
  last_movement_id bigint not null,
  transaction_id xid8 not null default pg_current_xact_id(),
  facts json not null,
  primary key (id, at)
) partition by range (at);
comment on table sourcing_runs is 'owner: sourcing. One batch of decisions with what all of them saw; by month';
create table sourcing_runs_default partition of sourcing_runs default;
comment on table sourcing_runs_default is 'owner: sourcing. What falls into a month that has no partition';

alter table sourcing_decisions rename to sourcing_decisions_unpartitioned;
alter index sourcing_decisions_pkey rename to sourcing_decisions_unpartitioned_pkey;
alter index sourcing_decisions_order rename to sourcing_decisions_unpartitioned_order;

create table sourcing_decisions (
  id uuid not null,
  -- That the order is there is checked by the auditor: its row is written in the same transaction, and a foreign key would be a lookup for each decision.
  order_id uuid not null,
  -- Null where claims were moved, and for decisions from before runs were kept.
  run_id uuid,
  at timestamptz not null,
  -- The place within the run: what came before has taken what it took.
  place smallint not null,
  trigger text not null check (trigger in ('capture', 'backorder', 'rejection', 'manual', 'reoptimization')),
  outcome text not null,
  -- What lists look for: `by:` strategy, `rule:` applied, `at:` chosen location, `out:` reason of an exclusion, and the outcome and trigger where they are not the usual ones.
  facets text[] collate "C" not null,
  decision json not null,
  primary key (at, id)
) partition by range (at);
comment on table sourcing_decisions is 'owner: sourcing. Why an order was routed so: what was asked, candidates, exclusions, rankings; by month';
create index sourcing_decisions_order on sourcing_decisions (order_id, id);
create index sourcing_decisions_facets on sourcing_decisions using gin (facets);
create table sourcing_decisions_default partition of sourcing_decisions default;
comment on table sourcing_decisions_default is 'owner: sourcing. What falls into a month that has no partition';

do $$
declare
  month timestamptz;
begin
  for month in select distinct date_trunc('month', at at time zone 'UTC') at time zone 'UTC' from sourcing_decisions_unpartitioned loop
    execute format('create table %I partition of sourcing_decisions for values from (%L) to (%L)',
      'sourcing_decisions_' || to_char(month at time zone 'UTC', 'YYYY_MM'), month, (month at time zone 'UTC' + interval '1 month') at time zone 'UTC');
  end loop;
end $$;

insert into sourcing_decisions (id, order_id, at, place, trigger, outcome, facets, decision)
select d.id, d.order_id, d.at, 0, d.trigger, d.decision ->> 'outcome',
  array['by:' || (d.decision ->> 'strategy_id') || '@' || (d.decision ->> 'strategy_version')]
    || array(select distinct 'rule:' || (r ->> 'rule') from json_array_elements(d.decision -> 'rules') r where r ->> 'result' = 'applied')
    || array(select distinct 'at:' || (c ->> 'location') from json_array_elements(d.decision -> 'chosen') c)
    || array(select distinct 'out:' || (e ->> 'code') from json_array_elements(d.decision -> 'excluded') e)
    || case when d.decision ->> 'outcome' <> 'filled' then array['outcome:' || (d.decision ->> 'outcome')] else '{}' end
    || case when d.trigger <> 'capture' then array['trigger:' || d.trigger] else '{}' end,
  d.decision
from sourcing_decisions_unpartitioned d;
drop table sourcing_decisions_unpartitioned;
