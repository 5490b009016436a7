-- What it costs to serve an order from a location, as data, and what units are worth where they are. Locks nothing for long.

create table cost_models (
  id uuid primary key,
  cost_version integer not null unique check (cost_version > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  definition jsonb not null,
  active boolean not null,
  created_at timestamptz not null,
  created_by uuid not null
);
comment on table cost_models is 'owner: sourcing. What parcels and labor cost the retailer and what routing may weigh; every version is kept';
create unique index cost_models_active on cost_models (active) where active;

create table price_runs (
  id uuid primary key,
  -- When stock and orders were looked at.
  at timestamptz not null,
  cost_version integer not null references cost_models (cost_version),
  -- How many orders were looked at, of how many days, and what came of it.
  evidence jsonb not null
);
comment on table price_runs is 'owner: sourcing. Each time that shadow prices were learned, with the evidence they rest on';
create index price_runs_newest on price_runs (at desc);

create table shadow_prices (
  variant_id uuid not null,
  location_id uuid not null,
  -- Minor units of the cost model's currency that the last unit there is worth to later orders.
  price double precision not null check (price >= 0),
  run_id uuid not null references price_runs (id),
  primary key (variant_id, location_id),
  foreign key (variant_id, location_id) references stock_levels (variant_id, location_id)
);
comment on table shadow_prices is 'owner: sourcing. What keeping a unit at a location is worth, learned from past orders; a level without a row has no price';

alter table sourcing_decisions drop constraint sourcing_decisions_trigger_check;
alter table sourcing_decisions add constraint sourcing_decisions_trigger_check
  check (trigger in ('capture', 'backorder', 'rejection', 'manual', 'reoptimization')) not valid;
