-- Orders, their lines and holds. New tables only.

create sequence order_numbers start 100001;

create table orders (
  id uuid primary key,
  number text not null unique default 'SW-' || nextval('order_numbers'),
  channel_id uuid not null references channels (id),
  external_id text check (length(external_id) between 1 and 128),
  -- The input that made the order: the same external id with another content is refused.
  content_hash text,
  status text not null check (status in ('placed', 'completed', 'canceled')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  customer_id uuid references customers (id),
  customer_name text,
  email text,
  phone text,
  shipping_address jsonb,
  billing_address jsonb,
  delivery text not null default 'ship' check (delivery in ('ship', 'pickup')),
  pickup_location_id uuid references locations (id),
  shipping_method text not null default 'standard',
  requested_delivery_date date,
  -- When the order may be handed to its locations; null where somebody does that by hand.
  release_at timestamptz,
  on_shortage text not null check (on_shortage in ('refuse', 'backorder', 'hold')),
  max_splits integer check (max_splits >= 1),
  prices_include_tax boolean not null,
  subtotal bigint not null check (subtotal >= 0),
  discount_total bigint not null check (discount_total >= 0),
  shipping_total bigint not null check (shipping_total >= 0),
  -- The part of `tax_total` that is not of lines.
  shipping_tax bigint not null default 0 check (shipping_tax >= 0),
  tax_total bigint not null check (tax_total >= shipping_tax),
  total bigint not null check (total >= 0),
  units_open integer not null default 0 check (units_open >= 0),
  units_backordered integer not null default 0 check (units_backordered >= 0),
  units_allocated integer not null default 0 check (units_allocated >= 0),
  units_released integer not null default 0 check (units_released >= 0),
  units_picked integer not null default 0 check (units_picked >= 0),
  units_packed integer not null default 0 check (units_packed >= 0),
  units_shipped integer not null default 0 check (units_shipped >= 0),
  units_delivered integer not null default 0 check (units_delivered >= 0),
  units_returned integer not null default 0 check (units_returned >= 0),
  units_canceled integer not null default 0 check (units_canceled >= 0),
  -- Derived, never set: what has become of the units.
  fulfillment_status text not null generated always as (case
    when units_open + units_backordered + units_allocated + units_released + units_picked + units_packed + units_shipped + units_delivered + units_returned = 0 then 'canceled'
    when units_open + units_backordered + units_allocated + units_released + units_picked + units_packed = 0 then
      case when units_shipped = 0 then 'delivered' else 'shipped' end
    when units_shipped + units_delivered + units_returned > 0 then 'partially_shipped'
    when units_released + units_picked + units_packed > 0 then 'in_fulfillment'
    when units_allocated = 0 then case when units_backordered > 0 then 'backordered' else 'unallocated' end
    when units_open + units_backordered > 0 then 'partially_allocated'
    else 'allocated' end) stored,
  open_holds integer not null default 0 check (open_holds >= 0),
  custom_fields jsonb not null default '{}',
  form_version integer not null default 0,
  note text not null default '',
  tags text[] not null default '{}',
  placed_at timestamptz not null,
  created_at timestamptz not null,
  completed_at timestamptz,
  canceled_at timestamptz,
  cancel_reason text check (cancel_reason in ('customer', 'payment_declined', 'fraud', 'inventory', 'staff_error', 'duplicate', 'undeliverable', 'pickup_expired', 'other')),
  version integer not null default 1,
  field_versions jsonb not null default '{}',
  constraint orders_external_id unique (channel_id, external_id),
  constraint orders_total_adds_up check (total = subtotal - discount_total + shipping_total + case when prices_include_tax then 0 else tax_total end),
  check (delivery <> 'pickup' or pickup_location_id is not null)
) with (fillfactor = 80);
comment on table orders is 'owner: orders. The order, with the sums of its lines'' counters; statuses are derived from them';
create index orders_newest on orders (placed_at desc, id desc);
create index orders_status on orders (status, placed_at desc, id desc);
create index orders_fulfillment_status on orders (fulfillment_status, placed_at desc, id desc) where status = 'placed';
create index orders_channel on orders (channel_id, placed_at desc, id desc);
create index orders_customer on orders (customer_id, placed_at desc, id desc) where customer_id is not null;
create index orders_email on orders (lower(email), placed_at desc) where email is not null;
create index orders_external on orders (external_id) where external_id is not null;
create index orders_releasable on orders (release_at) where status = 'placed' and open_holds = 0 and units_allocated > 0 and release_at is not null;
create index orders_backordered on orders (placed_at, id) where units_backordered > 0;
create index orders_held on orders (placed_at desc, id desc) where open_holds > 0;

create table draft_orders (
  id uuid primary key,
  channel_id uuid not null references channels (id),
  -- The order as far as it is known: the input of capture, perhaps incomplete. A draft claims no stock.
  input jsonb not null,
  -- The order it became.
  order_id uuid references orders (id),
  created_at timestamptz not null,
  created_by uuid not null,
  updated_at timestamptz not null,
  version integer not null default 1,
  field_versions jsonb not null default '{}'
);
comment on table draft_orders is 'owner: orders. Orders being written: parked phone orders, quotes';
create index draft_orders_open on draft_orders (updated_at desc, id desc) where order_id is null;

create table order_lines (
  id uuid primary key,
  order_id uuid not null references orders (id),
  line_number integer not null check (line_number > 0),
  variant_id uuid not null references variants (id),
  sku text not null,
  description text not null,
  -- Goods need stock; services are delivered with the order.
  kind text not null check (kind in ('goods', 'service')),
  -- Components of one bundle share its line: what was bought, how many, at which price.
  bundle jsonb,
  quantity integer not null check (quantity between 1 and 1000000),
  unit_price bigint not null check (unit_price >= 0),
  -- Amounts of the whole line; they are prorated to units by one rule (amounts.ts).
  discount bigint not null default 0 check (discount >= 0),
  tax bigint not null default 0 check (tax >= 0),
  open integer not null default 0 check (open >= 0),
  backordered integer not null default 0 check (backordered >= 0),
  allocated integer not null default 0 check (allocated >= 0),
  released integer not null default 0 check (released >= 0),
  picked integer not null default 0 check (picked >= 0),
  packed integer not null default 0 check (packed >= 0),
  shipped integer not null default 0 check (shipped >= 0),
  delivered integer not null default 0 check (delivered >= 0),
  returned integer not null default 0 check (returned >= 0),
  canceled integer not null default 0 check (canceled >= 0),
  custom_fields jsonb not null default '{}',
  unique (order_id, line_number),
  constraint order_lines_counters_add_up check (quantity = open + backordered + allocated + released + picked + packed + shipped + delivered + returned + canceled),
  constraint order_lines_discount_bounded check (discount <= unit_price * quantity)
) with (fillfactor = 80);
comment on table order_lines is 'owner: orders. Units of a line are always in exactly one state: the counters add up to the ordered quantity';
create index order_lines_variant on order_lines (variant_id, order_id);
create index order_lines_waiting on order_lines (variant_id, id) where backordered > 0;

create table order_holds (
  id uuid primary key,
  order_id uuid not null references orders (id),
  type text not null check (type in ('awaiting_payment', 'fraud_risk', 'bad_address', 'out_of_stock', 'future_date', 'approval', 'customer_request', 'price_check', 'other')),
  note text not null default '',
  owner_id uuid references users (id),
  -- The hold ends by itself at this time.
  release_at timestamptz,
  placed_at timestamptz not null,
  placed_by uuid not null,
  released_at timestamptz,
  released_by uuid,
  check ((released_at is null) = (released_by is null))
);
comment on table order_holds is 'owner: orders. A typed reason why an order may not move on';
create index order_holds_order on order_holds (order_id);
create index order_holds_open on order_holds (type, placed_at) where released_at is null;
create index order_holds_timed on order_holds (release_at) where released_at is null and release_at is not null;
