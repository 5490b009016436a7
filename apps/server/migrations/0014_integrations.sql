-- What imports have done, so that doing it again adds nothing. New table only.

create table import_records (
  source text not null check (length(source) between 1 and 64),
  key text not null check (length(key) between 1 and 200),
  outcome jsonb not null default '{}',
  recorded_at timestamptz not null,
  primary key (source, key)
);
comment on table import_records is 'owner: integrations. Pieces of imported files that have had their effect, with the outcome where it is needed again';
