-- Where stock is held. New tables only.

create table locations (
  id uuid primary key,
  code text not null unique check (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text not null check (length(name) between 1 and 200),
  kind text not null check (kind in ('warehouse', 'store', 'supplier', 'third_party')),
  address jsonb not null,
  country text not null check (country ~ '^[A-Z]{2}$'),
  latitude double precision check (latitude between -90 and 90),
  longitude double precision check (longitude between -180 and 180),
  time_zone text not null,
  active boolean not null default true,
  capabilities text[] not null default '{ship}' check (capabilities <@ array['ship', 'pickup', 'receive_returns']),
  -- Lower comes first.
  priority integer not null default 100,
  handling_cost bigint not null default 0 check (handling_cost >= 0),
  -- Orders per local day; null is without limit.
  daily_capacity integer check (daily_capacity >= 0),
  -- Local time HH:MM until which an order leaves on the same working day.
  cut_off text not null default '15:00' check (cut_off ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  processing_days integer not null default 0 check (processing_days between 0 and 60),
  -- ISO weekdays (1 is Monday) on which the location works, with its hours.
  opening_hours jsonb not null default '{"1":["09:00","17:30"],"2":["09:00","17:30"],"3":["09:00","17:30"],"4":["09:00","17:30"],"5":["09:00","17:30"]}',
  created_at timestamptz not null,
  version integer not null default 1,
  field_versions jsonb not null default '{}',
  check ((latitude is null) = (longitude is null))
);
comment on table locations is 'owner: locations. A warehouse, store, supplier or third party that holds stock';

create table location_closures (
  location_id uuid not null references locations (id),
  closed_on date not null,
  reason text not null default '',
  primary key (location_id, closed_on)
);
comment on table location_closures is 'owner: locations. Days on which a location does not work, beside its weekly rhythm';

create table location_groups (
  id uuid primary key,
  code text not null unique check (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text not null check (length(name) between 1 and 200),
  version integer not null default 1,
  field_versions jsonb not null default '{}'
);
comment on table location_groups is 'owner: locations. Locations that channels and routing name together';

create table location_group_members (
  group_id uuid not null references location_groups (id),
  location_id uuid not null references locations (id),
  primary key (group_id, location_id)
);
comment on table location_group_members is 'owner: locations';
create index location_group_members_location on location_group_members (location_id);
