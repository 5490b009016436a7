-- Who buys. New tables only.

create table customers (
  id uuid primary key,
  name text not null default '',
  email text,
  phone text,
  company text,
  locale text,
  tags text[] not null default '{}',
  note text not null default '',
  addresses jsonb not null default '[]',
  -- Where the customer is known: channel codes and system names. Callers confined to channels see the customers of those.
  sources text[] not null default '{}',
  -- What a search looks at; phone numbers without their punctuation.
  search_text text not null generated always as (
    name || ' ' || coalesce(email, '') || ' ' || coalesce(translate(phone, ' ().-/', ''), '') || ' ' || coalesce(company, '')) stored,
  merged_into uuid references customers (id),
  erased_at timestamptz,
  created_at timestamptz not null,
  version integer not null default 1,
  field_versions jsonb not null default '{}'
);
comment on table customers is 'owner: customers. One profile over all channels';
create unique index customers_email on customers (lower(email)) where email is not null and merged_into is null;
create index customers_phone on customers (phone) where phone is not null;
create index customers_created on customers (created_at desc, id desc);
create index customers_search on customers using gin (search_text gin_trgm_ops);
create index customers_sources on customers using gin (sources);

create table customer_identities (
  source text not null check (length(source) between 1 and 64),
  external_id text not null check (length(external_id) between 1 and 128),
  customer_id uuid not null references customers (id),
  primary key (source, external_id)
);
comment on table customer_identities is 'owner: customers. What other systems call a customer; source is a channel code or a system name';
create index customer_identities_customer on customer_identities (customer_id);
create index customer_identities_external on customer_identities (external_id);
