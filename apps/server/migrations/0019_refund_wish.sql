-- Refunds that wait for the money of their order.

alter table returns
  -- A refund that somebody wished for and that waits until the money of the order is captured.
  add column refund_wish text check (refund_wish in ('goods', 'goods_and_shipping'));
create index returns_waiting on returns (id) where refund_wish is not null;
