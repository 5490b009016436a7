-- What is sold: products, variants, identifiers, bundles. New tables only.

create table products (
  id uuid primary key,
  handle text not null unique check (handle ~ '^[a-z0-9][a-z0-9-]{0,119}$'),
  name text not null check (length(name) between 1 and 300),
  description text not null default '',
  brand text,
  tags text[] not null default '{}',
  active boolean not null default true,
  created_at timestamptz not null,
  version integer not null default 1,
  field_versions jsonb not null default '{}'
);
comment on table products is 'owner: catalog. What customers recognize as one thing';
create index products_name on products using gin (name gin_trgm_ops);

create table variants (
  id uuid primary key,
  product_id uuid not null references products (id),
  sku text not null unique check (length(sku) between 1 and 64 and sku = btrim(sku)),
  name text not null check (length(name) between 1 and 300),
  -- A bundle has components and no stock of its own; a service needs no stock at all.
  kind text not null default 'goods' check (kind in ('goods', 'bundle', 'service')),
  options jsonb not null default '{}',
  price bigint check (price >= 0),
  price_currency text check (price_currency ~ '^[A-Z]{3}$'),
  weight_grams integer not null default 0 check (weight_grams >= 0),
  length_mm integer check (length_mm > 0),
  width_mm integer check (width_mm > 0),
  height_mm integer check (height_mm > 0),
  origin_country text check (origin_country ~ '^[A-Z]{2}$'),
  customs_code text,
  active boolean not null default true,
  custom_fields jsonb not null default '{}',
  created_at timestamptz not null,
  version integer not null default 1,
  field_versions jsonb not null default '{}',
  check ((price is null) = (price_currency is null))
);
comment on table variants is 'owner: catalog. The unit of sale and of stock: one SKU';
create index variants_product on variants (product_id);
create index variants_created on variants (created_at desc, id desc);
create index variants_name on variants using gin (name gin_trgm_ops);
create index variants_sku_search on variants using gin (sku gin_trgm_ops);

create table variant_identifiers (
  kind text not null check (kind in ('gtin', 'mpn', 'asin', 'barcode', 'other')),
  value text not null check (length(value) between 1 and 128),
  variant_id uuid not null references variants (id),
  primary key (kind, value)
);
comment on table variant_identifiers is 'owner: catalog. GTINs (as 14 digits) and other codes by which a variant is scanned or found';
create index variant_identifiers_variant on variant_identifiers (variant_id);

create table bundle_components (
  bundle_id uuid not null references variants (id),
  component_id uuid not null references variants (id),
  quantity integer not null check (quantity > 0),
  primary key (bundle_id, component_id),
  check (bundle_id <> component_id)
);
comment on table bundle_components is 'owner: catalog. What a bundle explodes into; components are goods, never bundles';
create index bundle_components_component on bundle_components (component_id);
