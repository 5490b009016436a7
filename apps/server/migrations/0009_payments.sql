-- The payment ledger. New tables only.

create table payments (
  id uuid primary key,
  order_id uuid not null references orders (id),
  tender text not null check (tender in ('card', 'external', 'on_account', 'cash')),
  gateway text,
  -- The gateway's token for the payment means; never a card number.
  token text,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- What the tender is meant to cover.
  amount bigint not null check (amount > 0),
  authorized bigint not null default 0 check (authorized >= 0),
  captured bigint not null default 0 check (captured >= 0),
  refunded bigint not null default 0 check (refunded >= 0),
  voided bigint not null default 0 check (voided >= 0),
  failed boolean not null default false,
  reference text,
  authorization_expires_at timestamptz,
  created_at timestamptz not null,
  constraint payments_captured_bounded check (captured + voided <= authorized),
  constraint payments_refunded_bounded check (refunded <= captured)
);
comment on table payments is 'owner: payments. One tender of an order with its balances, which are the sums of its entries';
create index payments_order on payments (order_id);

create table payment_entries (
  id uuid primary key,
  payment_id uuid not null references payments (id),
  kind text not null check (kind in ('authorize', 'capture', 'refund', 'void')),
  amount bigint not null check (amount > 0),
  -- A pending entry is asked of the gateway; an unknown one is looked up before anything is repeated.
  status text not null check (status in ('pending', 'unknown', 'succeeded', 'failed')),
  reason text not null default '',
  -- The return or cancellation that a refund settles.
  cause_id uuid,
  gateway_reference text,
  failure text,
  created_at timestamptz not null,
  settled_at timestamptz,
  check ((status in ('pending', 'unknown')) = (settled_at is null))
);
comment on table payment_entries is 'owner: payments. The ledger: only succeeded entries count';
create index payment_entries_payment on payment_entries (payment_id, id);
create index payment_entries_open on payment_entries (created_at) where status in ('pending', 'unknown');
create index payment_entries_cause on payment_entries (cause_id) where cause_id is not null;
