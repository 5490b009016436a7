-- Goods coming back. New tables only.

create sequence return_numbers start 800001;

create table returns (
  id uuid primary key,
  number text not null unique default 'RT-' || nextval('return_numbers'),
  order_id uuid not null references orders (id),
  -- The channel through which it comes back, whichever sold it.
  channel_id uuid not null references channels (id),
  location_id uuid references locations (id),
  external_id text check (length(external_id) between 1 and 128),
  -- The input that made the return: the same external id with another content is refused.
  content_hash text,
  status text not null check (status in ('requested', 'approved', 'declined', 'in_transit', 'partially_received', 'received', 'inspected', 'resolved', 'closed', 'expired', 'canceled')),
  note text not null default '',
  -- Why it was declined, canceled or closed.
  outcome_note text not null default '',
  -- What is paid back in all, in the order's currency: for goods (the sum of the lines), for shipping, and beside both.
  refund_total bigint not null default 0 check (refund_total >= 0),
  shipping_refunded bigint not null default 0 check (shipping_refunded >= 0),
  other_refunded bigint not null default 0 check (other_refunded >= 0),
  refund_currency text not null check (refund_currency ~ '^[A-Z]{3}$'),
  requested_at timestamptz not null,
  approved_at timestamptz,
  received_at timestamptz,
  closed_at timestamptz,
  version integer not null default 1,
  constraint returns_external_id unique (channel_id, external_id)
);
comment on table returns is 'owner: returns. Goods of one order coming back, through any channel';
create index returns_order on returns (order_id);
create index returns_newest on returns (requested_at desc, id desc);
create index returns_status on returns (status, requested_at desc, id desc);
create index returns_external on returns (external_id) where external_id is not null;
-- What the background looks for: returns that nobody sends, and refunds that are on their way.
create index returns_expiring on returns (approved_at) where status = 'approved';
create index returns_resolved on returns (id) where status = 'resolved';

create table return_lines (
  id uuid primary key,
  return_id uuid not null references returns (id),
  order_line_id uuid not null references order_lines (id),
  variant_id uuid not null references variants (id),
  quantity integer not null check (quantity > 0),
  reason text not null check (reason in ('unwanted', 'damaged', 'wrong_item', 'defective', 'not_as_described', 'late', 'other')),
  received integer not null default 0 check (received >= 0),
  -- Graded units by where they went.
  restocked integer not null default 0 check (restocked >= 0),
  damaged integer not null default 0 check (damaged >= 0),
  quality_control integer not null default 0 check (quality_control >= 0),
  scrapped integer not null default 0 check (scrapped >= 0),
  -- The share that the received units have in what the line cost, fixed when they arrive; what of it was paid back (or is
  -- on its way), and what was kept by decision.
  refundable bigint not null default 0 check (refundable >= 0),
  refunded bigint not null default 0 check (refunded >= 0),
  withheld bigint not null default 0 check (withheld >= 0),
  unique (return_id, order_line_id),
  check (received <= quantity),
  check (restocked + damaged + quality_control + scrapped <= received),
  check (refunded + withheld <= refundable)
);
comment on table return_lines is 'owner: returns. Refunds follow what was received, never what was announced';
create index return_lines_order_line on return_lines (order_line_id);
