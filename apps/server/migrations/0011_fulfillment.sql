-- The work one location is asked to do for one order. New tables only.

create sequence fulfillment_order_numbers start 500001;

create table fulfillment_orders (
  id uuid primary key,
  number text not null unique default 'FO-' || nextval('fulfillment_order_numbers'),
  order_id uuid not null references orders (id),
  channel_id uuid not null references channels (id),
  location_id uuid not null references locations (id),
  kind text not null check (kind in ('ship', 'pickup')),
  status text not null check (status in ('open', 'accepted', 'picking', 'packed', 'shipped', 'ready_for_pickup', 'picked_up', 'rejected', 'no_show', 'canceled')),
  assigned_to uuid references users (id),
  -- Ship by this instant to keep the promise.
  due_at timestamptz,
  pickup_code text,
  ready_until timestamptz,
  created_at timestamptz not null,
  accepted_at timestamptz,
  packed_at timestamptz,
  closed_at timestamptz,
  check ((pickup_code is null) = (ready_until is null)),
  version integer not null default 1
) with (fillfactor = 80);
comment on table fulfillment_orders is 'owner: fulfillment. What one location does for one order';
create index fulfillment_orders_order on fulfillment_orders (order_id);
create index fulfillment_orders_queue on fulfillment_orders (location_id, status, created_at, id);
create index fulfillment_orders_newest on fulfillment_orders (created_at desc, id desc);
create index fulfillment_orders_expiring on fulfillment_orders (ready_until) where status = 'ready_for_pickup';

create table fulfillment_order_lines (
  fulfillment_order_id uuid not null references fulfillment_orders (id),
  order_line_id uuid not null references order_lines (id),
  variant_id uuid not null,
  quantity integer not null check (quantity > 0),
  picked integer not null default 0 check (picked >= 0),
  packed integer not null default 0 check (packed >= 0),
  -- Shipped or handed over.
  shipped integer not null default 0 check (shipped >= 0),
  -- Given back by the location: rejected, short, or not collected.
  rejected integer not null default 0 check (rejected >= 0),
  canceled integer not null default 0 check (canceled >= 0),
  primary key (fulfillment_order_id, order_line_id),
  check (shipped <= packed and packed <= picked and picked + rejected + canceled <= quantity)
) with (fillfactor = 80);
comment on table fulfillment_order_lines is 'owner: fulfillment';
create index fulfillment_order_lines_line on fulfillment_order_lines (order_line_id);

create table fulfillment_rejections (
  id uuid primary key,
  fulfillment_order_id uuid not null references fulfillment_orders (id),
  order_line_id uuid not null references order_lines (id),
  quantity integer not null check (quantity > 0),
  reason text not null check (reason in ('not_found', 'damaged', 'display_piece', 'no_capacity', 'other')),
  note text not null default '',
  at timestamptz not null,
  caller_id uuid not null
);
comment on table fulfillment_rejections is 'owner: fulfillment. Units a location gave back, and why; re-sourcing leaves that location out';
create index fulfillment_rejections_line on fulfillment_rejections (order_line_id);
