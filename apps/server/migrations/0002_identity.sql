-- Who may do what: roles, staff, sessions and API keys. New tables only.

create table roles (
  code text primary key check (code ~ '^[a-z][a-z0-9_]{1,62}$'),
  name text not null,
  permissions text[] not null,
  built_in boolean not null default false,
  version integer not null default 1,
  field_versions jsonb not null default '{}'
);
comment on table roles is 'owner: identity. A named set of permissions';

create table users (
  id uuid primary key,
  email text not null,
  name text not null,
  password_hash text,
  active boolean not null default true,
  locale text not null default 'en',
  time_zone text not null default 'UTC',
  created_at timestamptz not null,
  version integer not null default 1,
  field_versions jsonb not null default '{}'
);
comment on table users is 'owner: identity. Staff who sign in';
create unique index users_email on users (lower(email));

create table user_roles (
  user_id uuid not null references users (id),
  role_code text not null references roles (code),
  -- Null means all.
  channel_ids uuid[],
  location_ids uuid[],
  primary key (user_id, role_code)
);
comment on table user_roles is 'owner: identity. Which roles a user has, and in which channels and locations';

create table sessions (
  id uuid primary key,
  user_id uuid not null references users (id),
  token_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz
);
comment on table sessions is 'owner: identity. Signed-in browsers; the token itself is stored nowhere';
create index sessions_user on sessions (user_id);

create table api_keys (
  id uuid primary key,
  name text not null,
  -- The first characters of the key, so that people recognize it.
  prefix text not null,
  key_hash bytea not null unique,
  permissions text[] not null,
  channel_ids uuid[],
  location_ids uuid[],
  created_at timestamptz not null,
  created_by uuid not null,
  expires_at timestamptz,
  revoked_at timestamptz
);
comment on table api_keys is 'owner: identity. Keys for programs; the key itself is shown once and stored nowhere';
