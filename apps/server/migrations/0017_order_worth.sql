-- What an order is worth after cancellations and returns: what its customer owes in all. Rewrites one table.

alter table orders
  -- What canceled units have given back: their shares of what their lines cost, kept with the counters.
  add column canceled_total bigint not null default 0,
  -- What returns have given back: the shares of received units less what was withheld, shipping, and money beside both.
  add column returned_total bigint not null default 0 check (returned_total >= 0);

update orders o set canceled_total = c.amount from (
  select l.order_id, sum(t.total / l.quantity * l.canceled + least(l.canceled, t.total % l.quantity)) as amount
  from order_lines l join orders p on p.id = l.order_id
  cross join lateral (select l.unit_price * l.quantity - l.discount + case when p.prices_include_tax then 0 else l.tax end as total) t
  where l.canceled > 0 group by l.order_id
) c where c.order_id = o.id;

update orders o set returned_total = r.amount from (
  select r.order_id, sum(r.shipping_refunded + r.other_refunded + coalesce(l.amount, 0)) as amount
  from returns r left join (select return_id, sum(refundable - withheld) as amount from return_lines group by return_id) l on l.return_id = r.id
  group by r.order_id
) r where r.order_id = o.id;

alter table orders
  add constraint orders_canceled_bounded check (canceled_total between 0 and total),
  add column worth bigint not null generated always as (case when status = 'canceled' then 0 else greatest(total - canceled_total - returned_total, 0) end) stored;
