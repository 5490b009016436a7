-- The payment ledger. New tables only.

create table payments (
  id uuid primary key,
  order_id uuid not null references orders (id),
  tender text not null check (tender in ('card', 'external', 'on_account', 'cash')),
  -- Null where no gateway is asked and entries are settled when they are written.
  gateway text check (length(gateway) between 1 and 40),
  -- The gateway's token for the payment means; never a card number.
  token text check (length(token) between 1 and 200),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- What the tender is meant to cover.
  amount bigint not null check (amount > 0),
  -- Sums of succeeded entries.
  authorized bigint not null default 0 check (authorized >= 0),
  captured bigint not null default 0 check (captured >= 0),
  refunded bigint not null default 0 check (refunded >= 0),
  voided bigint not null default 0 check (voided >= 0),
  -- Sums of pending and unknown entries: money that is promised to them already.
  authorizing bigint not null default 0 check (authorizing >= 0),
  capturing bigint not null default 0 check (capturing >= 0),
  refunding bigint not null default 0 check (refunding >= 0),
  voiding bigint not null default 0 check (voiding >= 0),
  unknown_entries integer not null default 0 check (unknown_entries >= 0),
  -- Failed entries that nobody has tried again.
  failed_entries integer not null default 0 check (failed_entries >= 0),
  -- The authorization has run out: what was left of it is voided.
  expired boolean not null default false,
  -- The order needs the tender no more: an authorization that still arrives is voided.
  abandoned boolean not null default false,
  -- The gateway's name for the authorization, or the channel's for money it took itself.
  reference text check (length(reference) between 1 and 200),
  authorization_expires_at timestamptz,
  created_at timestamptz not null,
  -- Derived, never set; `paymentStatus` in ledger.ts is the same function.
  status text not null generated always as (case
    when captured > 0 then case
      when refunded = captured then 'refunded'
      when refunded > 0 then 'partially_refunded'
      when captured + voided < authorized then 'partially_captured'
      else 'captured' end
    when authorized > voided then 'authorized'
    when authorizing > 0 then 'pending'
    when authorized > 0 then case when expired then 'expired' else 'voided' end
    when failed_entries > 0 then 'failed'
    else 'pending' end) stored,
  settlement text not null generated always as (case
    when unknown_entries > 0 then 'unknown'
    when authorizing + capturing + refunding + voiding > 0 then 'pending'
    when failed_entries > 0 then 'failed'
    else 'settled' end) stored,
  constraint payments_card_by_gateway check ((tender = 'card') = (gateway is not null)),
  constraint payments_captured_bounded check (captured + capturing + voided + voiding <= authorized),
  constraint payments_refunded_bounded check (refunded + refunding <= captured)
) with (fillfactor = 80);
comment on table payments is 'owner: payments. One tender of an order with its balances, which are the sums of its entries';
create index payments_order on payments (order_id, id);
create index payments_newest on payments (created_at desc, id desc);
create index payments_unsettled on payments (settlement, created_at desc, id desc) where settlement <> 'settled';
create index payments_expiring on payments (authorization_expires_at) where authorized > captured + voided;

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
  -- The failed entry that this one tries again; each is tried again once.
  retry_of uuid unique references payment_entries (id),
  gateway_reference text,
  failure text,
  created_at timestamptz not null,
  settled_at timestamptz,
  check ((status in ('pending', 'unknown')) = (settled_at is null))
);
comment on table payment_entries is 'owner: payments. The ledger: only succeeded entries count';
create index payment_entries_payment on payment_entries (payment_id, id);
create index payment_entries_cause on payment_entries (cause_id) where cause_id is not null;

create table test_gateway_operations (
  -- The id of the ledger's entry.
  reference uuid primary key,
  kind text not null check (kind in ('authorize', 'capture', 'refund', 'void')),
  token text not null,
  payment_reference text,
  amount bigint not null,
  currency text not null,
  -- Only a succeeded operation moves money; a lost one never reached the bank.
  status text not null check (status in ('succeeded', 'failed', 'lost')),
  failure text,
  -- How often it was asked for; it takes effect at most once.
  calls integer not null default 1
);
comment on table test_gateway_operations is 'owner: payments. The memory of the test gateway, which stands for an outside system';
