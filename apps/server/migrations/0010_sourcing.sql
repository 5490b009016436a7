-- Which location fulfills what. New tables only.

create table sourcing_strategies (
  id uuid primary key,
  code text not null,
  strategy_version integer not null check (strategy_version > 0),
  name text not null,
  definition jsonb not null,
  active boolean not null,
  created_at timestamptz not null,
  created_by uuid not null,
  unique (code, strategy_version)
);
comment on table sourcing_strategies is 'owner: sourcing. Routing rules as data; every version is kept';
create unique index sourcing_strategies_active on sourcing_strategies (active) where active;

create table sourcing_decisions (
  id uuid primary key,
  order_id uuid not null references orders (id),
  at timestamptz not null,
  trigger text not null check (trigger in ('capture', 'backorder', 'rejection', 'manual')),
  decision jsonb not null
);
comment on table sourcing_decisions is 'owner: sourcing. Why it was routed so: candidates, exclusions, rankings, stock seen';
create index sourcing_decisions_order on sourcing_decisions (order_id, id);

create table allocations (
  order_line_id uuid not null references order_lines (id),
  location_id uuid not null,
  -- Order and variant are those of the line; the auditor checks it, a foreign key for each would double the cost of a claim.
  order_id uuid not null,
  variant_id uuid not null,
  quantity integer not null check (quantity > 0),
  -- Units of these that a fulfillment order already asks for.
  released integer not null default 0,
  primary key (order_line_id, location_id),
  foreign key (variant_id, location_id) references stock_levels (variant_id, location_id),
  check (released between 0 and quantity)
) with (fillfactor = 80);
comment on table allocations is 'owner: sourcing. Open claims of order lines on the stock of locations; a claim ends when its units ship';
create index allocations_order on allocations (order_id);
create index allocations_level on allocations (variant_id, location_id);

create table location_loads (
  location_id uuid not null references locations (id),
  day date not null,
  orders integer not null check (orders >= 0),
  primary key (location_id, day)
);
comment on table location_loads is 'owner: sourcing. Orders given to a location on a local day, kept only where its capacity is limited';
