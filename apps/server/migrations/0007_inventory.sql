-- Stock: balances, the movements they are the sum of, reservations, counts, inbound supply. New tables only.

create table stock_levels (
  variant_id uuid not null references variants (id),
  location_id uuid not null references locations (id),
  available integer not null default 0 check (available >= 0),
  reserved integer not null default 0 check (reserved >= 0),
  allocated integer not null default 0 check (allocated >= 0),
  damaged integer not null default 0 check (damaged >= 0),
  quality_control integer not null default 0 check (quality_control >= 0),
  quarantine integer not null default 0 check (quarantine >= 0),
  on_order integer not null default 0 check (on_order >= 0),
  in_transit integer not null default 0 check (in_transit >= 0),
  -- What a count took away that was already promised.
  deficit integer not null default 0 check (deficit >= 0),
  -- A policy, not a state: units of `available` that are not offered.
  safety_stock integer not null default 0 check (safety_stock >= 0),
  bin text,
  counted_at timestamptz,
  updated_at timestamptz not null,
  primary key (variant_id, location_id)
) with (fillfactor = 70);
comment on table stock_levels is 'owner: inventory. The balance of one SKU at one location by state; each balance is the sum of its movements';
create index stock_levels_location on stock_levels (location_id, variant_id);

create table stock_movements (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  variant_id uuid not null,
  location_id uuid not null,
  -- Null is the outside: goods that come in or leave.
  from_state text check (from_state in ('available', 'reserved', 'allocated', 'damaged', 'quality_control', 'quarantine', 'on_order', 'in_transit', 'deficit')),
  to_state text check (to_state in ('available', 'reserved', 'allocated', 'damaged', 'quality_control', 'quarantine', 'on_order', 'in_transit', 'deficit')),
  quantity integer not null check (quantity > 0),
  reason text not null,
  -- What moved the units: an order, a reservation, a return, a count, an adjustment.
  cause_kind text not null,
  cause_id uuid not null,
  caller_id uuid not null,
  note text,
  -- Levels are locked by the one function that writes movements, and never deleted: a foreign key would cost a quarter of the write.
  check (from_state is distinct from to_state)
);
comment on table stock_movements is 'owner: inventory. Append-only: every unit that moved, with its reason';
create index stock_movements_level on stock_movements (variant_id, location_id, id);
create index stock_movements_cause on stock_movements (cause_id);

create table reservations (
  id uuid primary key,
  channel_id uuid not null references channels (id),
  status text not null check (status in ('active', 'converted', 'released', 'expired')),
  reference text,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  order_id uuid,
  check ((status = 'active') = (ended_at is null))
);
comment on table reservations is 'owner: inventory. An expiring claim of a checkout or a draft order';
create index reservations_expiring on reservations (expires_at) where status = 'active';
create index reservations_channel on reservations (channel_id, created_at desc);

create table reservation_lines (
  reservation_id uuid not null references reservations (id),
  variant_id uuid not null,
  location_id uuid not null,
  quantity integer not null check (quantity > 0),
  primary key (reservation_id, variant_id, location_id),
  foreign key (variant_id, location_id) references stock_levels (variant_id, location_id)
);
comment on table reservation_lines is 'owner: inventory';
create index reservation_lines_level on reservation_lines (variant_id, location_id);

create table stock_counts (
  id uuid primary key,
  location_id uuid not null references locations (id),
  status text not null check (status in ('open', 'posted', 'canceled')),
  note text not null default '',
  created_at timestamptz not null,
  created_by uuid not null,
  closed_at timestamptz
);
comment on table stock_counts is 'owner: inventory. A count of some SKUs at one location';
create index stock_counts_location on stock_counts (location_id, created_at desc);

create table stock_count_lines (
  count_id uuid not null references stock_counts (id),
  variant_id uuid not null references variants (id),
  -- Null until somebody has counted it.
  counted integer check (counted >= 0),
  -- What the books said at the moment of counting: what moves between counting and posting is no variance.
  expected integer,
  counted_at timestamptz,
  counted_by uuid,
  primary key (count_id, variant_id),
  check ((counted is null) = (expected is null) and (counted is null) = (counted_at is null))
);
comment on table stock_count_lines is 'owner: inventory';

create table inbound_supplies (
  id uuid primary key,
  variant_id uuid not null,
  location_id uuid not null,
  quantity integer not null check (quantity > 0),
  received integer not null default 0 check (received >= 0),
  expected_on date not null,
  reference text not null default '',
  status text not null check (status in ('expected', 'received', 'canceled')),
  created_at timestamptz not null,
  foreign key (variant_id, location_id) references stock_levels (variant_id, location_id)
);
comment on table inbound_supplies is 'owner: inventory. Goods on order with the day they are expected; promiseable from that day';
create index inbound_supplies_open on inbound_supplies (variant_id, expected_on) where status = 'expected';
