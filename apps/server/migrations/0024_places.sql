-- Where postal codes lie. New table only.

create table postal_areas (
  country text not null check (country ~ '^[A-Z]{2}$'),
  -- The beginning of postal codes, or a whole one, as `normalizePostalCode` writes them; the longest that fits counts.
  postal_code text not null check (postal_code ~ '^[A-Z0-9]([A-Z0-9 ]{0,14}[A-Z0-9])?$'),
  latitude double precision not null check (latitude between -90 and 90),
  longitude double precision not null check (longitude between -180 and 180),
  place text not null default '',
  primary key (country, postal_code)
);
comment on table postal_areas is 'owner: locations. Where postal codes lie, by country';
create index postal_areas_place on postal_areas (country, lower(place)) where place <> '';
create trigger count_change after insert or update or delete on postal_areas for each statement execute function count_setting_change();
