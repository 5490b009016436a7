-- What routing rules ask of articles, customers and locations; strategies with drafts, versions and a schedule; queues for
-- what finds no location.

-- What kind of thing a product is, for rules and reports: `furniture`, `hazmat`.
alter table products add column product_type text check (length(product_type) between 1 and 120);

-- What the retailer sorts customers by: `wholesale`, `vip`.
alter table customers add column customer_group text check (customer_group ~ '^[a-z0-9][a-z0-9-]{0,62}$');

alter table locations add column custom_fields jsonb not null default '{}';

-- A draft has no number yet and is edited in place; saved, it never changes again.
alter table sourcing_strategies
  alter column strategy_version drop not null,
  add column updated_at timestamptz,
  add column version integer not null default 1,
  add column field_versions jsonb not null default '{}';
create index sourcing_strategies_drafts on sourcing_strategies (code) where strategy_version is null;

create table sourcing_activations (
  id uuid primary key,
  strategy_id uuid not null references sourcing_strategies (id),
  from_at timestamptz not null,
  -- Null is until another one begins.
  until_at timestamptz,
  created_at timestamptz not null,
  created_by uuid not null,
  canceled_at timestamptz,
  -- Of two that begin at once the one that was written last.
  position bigint generated always as identity,
  check (until_at > from_at)
);
comment on table sourcing_activations is 'owner: sourcing. When which strategy routes: of those that hold at a time the one that began last';
create index sourcing_activations_from on sourcing_activations (from_at desc, position desc) where canceled_at is null;

insert into sourcing_activations (id, strategy_id, from_at, created_at, created_by)
select id, id, 'epoch', created_at, created_by from sourcing_strategies where active;
drop index sourcing_strategies_active;
alter table sourcing_strategies drop column active;

create table sourcing_queue (
  order_id uuid primary key references orders (id),
  queue text not null check (queue ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  -- The rule that put it there; null where the channel's policy did.
  rule text,
  entered_at timestamptz not null,
  -- When units that still have no location are canceled.
  cancel_at timestamptz
);
comment on table sourcing_queue is 'owner: sourcing. Accepted orders with units that no rule could place, by the list in which people find them';
create index sourcing_queue_queue on sourcing_queue (queue, entered_at);
create index sourcing_queue_cancel on sourcing_queue (cancel_at) where cancel_at is not null;

create table location_demands (
  variant_id uuid not null,
  location_id uuid not null,
  -- Units given to orders there a day.
  daily_units double precision not null check (daily_units > 0),
  primary key (variant_id, location_id)
);
comment on table location_demands is 'owner: sourcing. What is sold where, for rules that ask for days of cover; renewed in the background while one does';
