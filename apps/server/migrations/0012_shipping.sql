-- Departures, boxes and labels. New tables only.

create sequence tracking_numbers start 1000001;

create table rate_tables (
  id uuid primary key,
  carrier text not null,
  table_version integer not null check (table_version > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  definition jsonb not null,
  active boolean not null,
  created_at timestamptz not null,
  created_by uuid not null,
  unique (carrier, table_version)
);
comment on table rate_tables is 'owner: shipping. What a carrier with a table of its own charges by zone and weight; every version is kept';
create unique index rate_tables_active on rate_tables (carrier) where active;

create table shipments (
  id uuid primary key,
  order_id uuid not null references orders (id),
  fulfillment_order_id uuid not null references fulfillment_orders (id),
  location_id uuid not null references locations (id),
  carrier text not null,
  service text not null,
  -- As they stood in the rate table when the label was bought: a reprint shows the same.
  service_name text not null,
  zone text,
  status text not null check (status in ('pending', 'label_purchased', 'in_transit', 'out_for_delivery', 'delivered', 'voided', 'delayed', 'attempted', 'failed', 'returned_to_sender', 'lost')),
  ship_from jsonb not null,
  ship_to jsonb not null,
  -- The local day of departure that the label shows.
  ship_on date not null,
  -- Null where the carrier had no price: departures recorded from elsewhere.
  cost bigint check (cost >= 0),
  cost_currency text,
  promised_by date,
  created_at timestamptz not null,
  shipped_at timestamptz,
  delivered_at timestamptz,
  -- When the last report that moved the shipment happened.
  last_event_at timestamptz,
  check ((cost is null) = (cost_currency is null))
) with (fillfactor = 80);
comment on table shipments is 'owner: shipping. A departure of packages from one location to one address';
create index shipments_order on shipments (order_id);
create index shipments_fulfillment_order on shipments (fulfillment_order_id);
create index shipments_moving on shipments (status, created_at) where status not in ('delivered', 'voided', 'returned_to_sender', 'lost');
create index shipments_newest on shipments (created_at desc, id desc);

create table packages (
  id uuid primary key,
  shipment_id uuid not null references shipments (id),
  package_number integer not null check (package_number > 0),
  weight_grams integer not null check (weight_grams >= 0),
  length_mm integer check (length_mm > 0),
  width_mm integer check (width_mm > 0),
  height_mm integer check (height_mm > 0),
  tracking_number text,
  label_status text not null check (label_status in ('none', 'active', 'voided')),
  unique (shipment_id, package_number),
  check ((label_status = 'none') = (tracking_number is null))
);
comment on table packages is 'owner: shipping. A box with at most one active label';
create unique index packages_tracking on packages (tracking_number) where tracking_number is not null;

create table package_lines (
  package_id uuid not null references packages (id),
  order_line_id uuid not null references order_lines (id),
  quantity integer not null check (quantity > 0),
  primary key (package_id, order_line_id)
);
comment on table package_lines is 'owner: shipping. What is in the box';
create index package_lines_line on package_lines (order_line_id);

create table tracking_events (
  id uuid primary key,
  shipment_id uuid not null references shipments (id),
  at timestamptz not null,
  status text not null,
  -- The carrier's own word, kept as it came.
  carrier_status text not null,
  place text not null default '',
  unique (shipment_id, at, carrier_status)
);
comment on table tracking_events is 'owner: shipping. What the carrier reported';
