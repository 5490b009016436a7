-- Where orders come from. New tables only.

create table channels (
  id uuid primary key,
  code text not null unique check (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text not null check (length(name) between 1 and 200),
  kind text not null check (kind in ('web', 'marketplace', 'pos', 'phone', 'mail', 'distributor')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  active boolean not null default true,
  -- What happens when stock is short: refuse the order, queue the rest, or place it on hold.
  on_shortage text not null default 'refuse' check (on_shortage in ('refuse', 'backorder', 'hold')),
  max_splits integer check (max_splits >= 1),
  reservation_minutes integer not null default 15 check (reservation_minutes between 1 and 10080),
  -- What capture does about payment: authorize with a gateway, expect it to be paid already, or bill on account.
  payment_expectation text not null default 'authorize' check (payment_expectation in ('authorize', 'prepaid', 'on_account', 'none')),
  -- Units kept back from this channel per SKU.
  stock_buffer integer not null default 0 check (stock_buffer >= 0),
  prices_include_tax boolean not null default true,
  -- Hundredths of a percent: 2000 is 20 %.
  tax_rate_basis_points integer not null default 0 check (tax_rate_basis_points between 0 and 10000),
  -- Hours after capture during which the order is not released, so that the customer may still change it.
  release_delay_minutes integer not null default 0 check (release_delay_minutes between 0 and 43200),
  return_window_days integer not null default 30 check (return_window_days between 0 and 3650),
  form_version integer not null default 0,
  created_at timestamptz not null,
  version integer not null default 1,
  field_versions jsonb not null default '{}'
);
comment on table channels is 'owner: channels. A web store, marketplace, till, phone line, catalog or distributor';

create table channel_location_groups (
  channel_id uuid not null references channels (id),
  group_id uuid not null references location_groups (id),
  primary key (channel_id, group_id)
);
comment on table channel_location_groups is 'owner: channels. Which locations may serve a channel; none means all';

create table channel_skus (
  channel_id uuid not null references channels (id),
  channel_sku text not null check (length(channel_sku) between 1 and 128),
  variant_id uuid not null references variants (id),
  primary key (channel_id, channel_sku)
);
comment on table channel_skus is 'owner: channels. What a channel calls a variant';
create index channel_skus_variant on channel_skus (variant_id);

create table order_forms (
  channel_id uuid not null references channels (id),
  form_version integer not null check (form_version > 0),
  fields jsonb not null,
  created_at timestamptz not null,
  created_by uuid not null,
  primary key (channel_id, form_version)
);
comment on table order_forms is 'owner: channels. The typed custom fields of a channel''s orders; every version is kept, orders name theirs';
