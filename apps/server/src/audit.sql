-- The identities that always hold. Each query answers the rows that break one; any row is a bug.
-- Read-only; runs after every test that touches data and by `switchyard audit`.

-- name: idempotency keys have an outcome
select caller_id, key from idempotency_keys where outcome -> 'output' is null and outcome -> 'refusal' is null;

-- name: event sequences have no gap
select order_id, count(*) as events, max(order_sequence) as last
from events where order_id is not null
group by order_id having count(*) <> max(order_sequence) or min(order_sequence) <> 1;

-- name: event positions have no gap
select s.last_position, count(p.*) as positions
from relay_state s left join event_positions p on true
group by s.last_position having count(p.position) <> s.last_position or coalesce(max(p.position), 0) <> s.last_position;

-- name: a location's country and coordinates are those of its address
select code from locations
where country is distinct from address ->> 'country'
  or latitude is distinct from (address ->> 'latitude')::double precision
  or longitude is distinct from (address ->> 'longitude')::double precision;

-- name: payment balances are the sums of their entries
select p.id from payments p
left join (
  select e.payment_id,
    coalesce(sum(e.amount) filter (where e.kind = 'authorize' and e.status = 'succeeded'), 0) as authorized,
    coalesce(sum(e.amount) filter (where e.kind = 'capture' and e.status = 'succeeded'), 0) as captured,
    coalesce(sum(e.amount) filter (where e.kind = 'refund' and e.status = 'succeeded'), 0) as refunded,
    coalesce(sum(e.amount) filter (where e.kind = 'void' and e.status = 'succeeded'), 0) as voided,
    coalesce(sum(e.amount) filter (where e.kind = 'authorize' and e.status in ('pending', 'unknown')), 0) as authorizing,
    coalesce(sum(e.amount) filter (where e.kind = 'capture' and e.status in ('pending', 'unknown')), 0) as capturing,
    coalesce(sum(e.amount) filter (where e.kind = 'refund' and e.status in ('pending', 'unknown')), 0) as refunding,
    coalesce(sum(e.amount) filter (where e.kind = 'void' and e.status in ('pending', 'unknown')), 0) as voiding,
    count(*) filter (where e.status = 'unknown') as unknown_entries,
    count(*) filter (where e.status = 'failed' and r.id is null) as failed_entries
  from payment_entries e left join payment_entries r on r.retry_of = e.id
  group by e.payment_id
) s on s.payment_id = p.id
where (p.authorized, p.captured, p.refunded, p.voided, p.authorizing, p.capturing, p.refunding, p.voiding, p.unknown_entries, p.failed_entries)
  is distinct from (coalesce(s.authorized, 0), coalesce(s.captured, 0), coalesce(s.refunded, 0), coalesce(s.voided, 0), coalesce(s.authorizing, 0), coalesce(s.capturing, 0),
    coalesce(s.refunding, 0), coalesce(s.voiding, 0), coalesce(s.unknown_entries, 0), coalesce(s.failed_entries, 0));

-- name: nothing is captured beyond its authorization or refunded beyond its capture
select id from payments where captured + voided > authorized or refunded > captured;

-- name: payments are in the currency of their order
select p.id from payments p join orders o on o.id = p.order_id where p.currency <> o.currency;

-- name: a failed payment entry is tried again as what it was
select r.id from payment_entries r join payment_entries e on e.id = r.retry_of
where e.status <> 'failed' or (r.payment_id, r.kind, r.amount) is distinct from (e.payment_id, e.kind, e.amount);

-- name: order counters are the sums of their lines
select o.id, o.number from orders o
left join (
  select order_id, sum(open) as open, sum(backordered) as backordered, sum(allocated) as allocated, sum(released) as released, sum(picked) as picked, sum(packed) as packed,
    sum(shipped) as shipped, sum(delivered) as delivered, sum(returned) as returned, sum(canceled) as canceled
  from order_lines group by order_id
) l on l.order_id = o.id
where (o.units_open, o.units_backordered, o.units_allocated, o.units_released, o.units_picked, o.units_packed, o.units_shipped, o.units_delivered, o.units_returned, o.units_canceled)
  is distinct from (l.open, l.backordered, l.allocated, l.released, l.picked, l.packed, l.shipped, l.delivered, l.returned, l.canceled);

-- name: line counters add up to the ordered quantity
select id, order_id from order_lines where quantity <> open + backordered + allocated + released + picked + packed + shipped + delivered + returned + canceled;

-- name: order totals are the sums of their lines
select o.id, o.number, o.total from orders o join (
  select order_id, sum(unit_price * quantity) as subtotal, sum(discount) as discount, sum(tax) as tax from order_lines group by order_id
) l on l.order_id = o.id
where o.subtotal <> l.subtotal or o.discount_total <> l.discount or o.tax_total <> l.tax + o.shipping_tax
  or o.total <> o.subtotal - o.discount_total + o.shipping_total + case when o.prices_include_tax then 0 else o.tax_total end;

-- name: canceled units have given back their shares
-- The first units of a line carry the odd minor units; which of them the canceled ones were is open where others came back.
select o.id, o.number, o.canceled_total, c.amount from orders o join (
  select l.order_id, sum(t.total / l.quantity * l.canceled + least(l.canceled, t.total % l.quantity)) as amount, sum(least(l.canceled, l.returned)) as slack
  from order_lines l join orders p on p.id = l.order_id
  cross join lateral (select l.unit_price * l.quantity - l.discount + case when p.prices_include_tax then 0 else l.tax end as total) t
  group by l.order_id
) c on c.order_id = o.id
where abs(o.canceled_total - c.amount) > c.slack;

-- name: returns have given back shares and shipping, less what was withheld
select o.id, o.number, o.returned_total, coalesce(r.amount, 0) as amount from orders o left join (
  select r.order_id, sum(r.shipping_refunded + r.other_refunded + coalesce(l.amount, 0)) as amount
  from returns r left join (select return_id, sum(refundable - withheld) as amount from return_lines group by return_id) l on l.return_id = r.id
  group by r.order_id
) r on r.order_id = o.id
where o.returned_total <> coalesce(r.amount, 0);

-- name: nothing is held beyond what the order is worth and what is still to be paid back
select o.id, o.number, o.worth, s.held, s.goodwill, s.still_due from orders o join lateral (
  select p.held, r.goodwill, o.returned_total - r.for_returns + r.failed as still_due
  from (select sum(captured - refunded - refunding) as held from payments where order_id = o.id) p, (
    select coalesce(sum(e.amount) filter (where e.cause_id is null and e.status <> 'failed'), 0) as goodwill,
      coalesce(sum(e.amount) filter (where e.cause_id <> o.id and e.retry_of is null), 0) as for_returns,
      coalesce(sum(e.amount) filter (where e.cause_id is not null and e.status = 'failed' and n.id is null), 0) as failed
    from payments q join payment_entries e on e.payment_id = q.id and e.kind = 'refund' left join payment_entries n on n.retry_of = e.id
    where q.order_id = o.id
  ) r
) s on s.held > greatest(o.worth - s.goodwill, 0) + s.still_due;

-- name: orders that are done hold no authorization that nothing is due for
select o.id, o.number, o.worth, s.authorized, s.held, r.for_returns from orders o join (
  select order_id, sum(authorized - captured - voided) as authorized, sum(captured - refunded) as held from payments
  group by order_id having bool_and(settlement = 'settled') and sum(authorized - captured - voided) > 0
) s on s.order_id = o.id
cross join lateral (
  select coalesce(sum(e.amount) filter (where e.cause_id is null), 0) as goodwill, coalesce(sum(e.amount) filter (where e.cause_id <> o.id), 0) as for_returns
  from payments q join payment_entries e on e.payment_id = q.id and e.kind = 'refund' and e.status = 'succeeded' where q.order_id = o.id
) r
where o.status <> 'placed' and s.authorized > greatest(o.worth - r.goodwill, 0) - least(greatest(s.held - o.returned_total + r.for_returns, 0), greatest(o.worth - r.goodwill, 0));

-- name: refunds wait only where something is left to pay
select r.id, r.number, r.status from returns r
where r.refund_wish is not null and (r.status not in ('partially_received', 'received', 'inspected', 'resolved')
  or (r.refund_wish = 'goods' and not exists (select from return_lines l where l.return_id = r.id and l.refundable > l.refunded + l.withheld)));

-- name: order statuses follow from the units
select id, number, status from orders
where status <> case
  when units_open + units_backordered + units_allocated + units_released + units_picked + units_packed + units_shipped > 0 then 'placed'
  when units_delivered + units_returned > 0 then 'completed' else 'canceled' end;

-- name: open holds are counted
select o.id, o.number, o.open_holds from orders o
left join (select order_id, count(*) as open from order_holds where released_at is null group by order_id) h on h.order_id = o.id
where o.open_holds <> coalesce(h.open, 0);

-- name: every order has told of its creation
select o.id, o.number from orders o left join events e on e.order_id = o.id and e.order_sequence = 1
where e.type is distinct from 'order.created';

-- name: claims are what the lines say is claimed
select l.id, l.order_id, l.allocated, l.released + l.picked + l.packed as released, a.quantity - a.released as claimed, a.released as claimed_released
from order_lines l
left join (select order_line_id, sum(quantity) as quantity, sum(released) as released from allocations group by order_line_id) a on a.order_line_id = l.id
where l.allocated <> coalesce(a.quantity - a.released, 0) or l.released + l.picked + l.packed <> coalesce(a.released, 0);

-- name: claims belong to orders that still want them
select a.order_line_id, a.location_id from allocations a left join order_lines l on l.id = a.order_line_id and l.order_id = a.order_id and l.variant_id = a.variant_id
left join orders o on o.id = a.order_id
where l.id is null or o.status <> 'placed';

-- name: every order with claimed goods has its routing decision
select o.id, o.number from orders o
where exists (select from allocations a where a.order_id = o.id) and not exists (select from sourcing_decisions d where d.order_id = o.id);

-- name: shadow prices are those of the newest run
select variant_id, location_id, run_id from shadow_prices where run_id is distinct from (select id from price_runs order by at desc, id desc limit 1);

-- name: the versions of the cost model have no gap, and the newest is in force
select count(*) as versions, max(cost_version) as newest, max(cost_version) filter (where active) as in_force from cost_models
having count(*) <> max(cost_version) or max(cost_version) is distinct from max(cost_version) filter (where active);

-- name: the versions of an order form have no gap, and a channel names its newest
select c.code, c.form_version, count(f.form_version) as forms
from channels c left join order_forms f on f.channel_id = c.id
group by c.id having c.form_version <> count(f.form_version) or c.form_version <> coalesce(max(f.form_version), 0);

-- name: returned units of order lines are those that returns received
select l.id, l.order_id, l.returned, coalesce(r.received, 0) as received from order_lines l
left join (select order_line_id, sum(received) as received from return_lines group by order_line_id) r on r.order_line_id = l.id
where l.returned <> coalesce(r.received, 0);

-- name: goods that returns received came into stock
select l.return_id, l.variant_id, sum(l.received) as received, coalesce(max(m.quantity), 0) as moved
from return_lines l join order_lines o on o.id = l.order_line_id and o.kind = 'goods'
left join (
  select cause_id, variant_id, sum(quantity) as quantity from stock_movements where cause_kind = 'return' and from_state is null and to_state = 'quality_control' group by cause_id, variant_id
) m on m.cause_id = l.return_id and m.variant_id = l.variant_id
group by l.return_id, l.variant_id having sum(l.received) <> coalesce(max(m.quantity), 0);

-- name: returns pay back no more than the shares of what they received
select l.id, l.return_id from return_lines l
where l.refunded + l.withheld > l.refundable or (l.received = 0 and l.refundable > 0) or l.restocked + l.damaged + l.quality_control + l.scrapped > l.received;

-- name: the shares of returned units are never more than their line cost
select o.id, o.order_id from order_lines o join orders p on p.id = o.order_id
join (select order_line_id, sum(refundable) as refundable from return_lines group by order_line_id) r on r.order_line_id = o.id
where r.refundable > o.unit_price * o.quantity - o.discount + case when p.prices_include_tax then 0 else o.tax end;

-- name: the refund of a return is the sum of its parts and stands in the ledger
select r.id, r.number, r.refund_total from returns r
left join (select return_id, sum(refunded) as refunded from return_lines group by return_id) l on l.return_id = r.id
left join (
  select e.cause_id, sum(e.amount) filter (where e.retry_of is null) as asked, sum(e.amount) filter (where e.status <> 'failed') as counted
  from payment_entries e where e.kind = 'refund' and e.cause_id is not null group by e.cause_id
) e on e.cause_id = r.id
where r.refund_total <> coalesce(l.refunded, 0) + r.shipping_refunded + r.other_refunded
  or r.refund_total <> coalesce(e.asked, 0) or coalesce(e.counted, 0) > r.refund_total;

-- name: shipping is paid back at most once
select o.id, o.number from orders o join (select order_id, sum(shipping_refunded) as refunded from returns group by order_id) r on r.order_id = o.id
where r.refunded > o.shipping_total + case when o.prices_include_tax then 0 else o.shipping_tax end;

-- name: every return has told of its request and of its end
select r.id, r.number, r.status from returns r
where not exists (select from events e where e.subject_id = r.id and e.type = 'return.requested')
  or (r.status in ('declined', 'canceled', 'expired', 'closed') and not exists (select from events e where e.subject_id = r.id and e.type = 'return.' || r.status));

-- name: bundles consist of goods
select c.bundle_id, c.component_id, b.kind as bundle_kind, v.kind as component_kind
from bundle_components c join variants b on b.id = c.bundle_id join variants v on v.id = c.component_id
where b.kind <> 'bundle' or v.kind <> 'goods';

-- name: bundles and services hold no stock
select s.variant_id, s.location_id, v.sku, v.kind from stock_levels s join variants v on v.id = s.variant_id where v.kind <> 'goods';

-- name: GTINs have 14 digits and a right check digit
select variant_id, value from variant_identifiers
where kind = 'gtin' and case when value ~ '^[0-9]{14}$' then
  (select sum(substr(value, i, 1)::int * case when i % 2 = 1 then 3 else 1 end) from generate_series(1, 14) i) % 10 <> 0 else true end;

-- name: a customer is known where its identities come from
select c.id, i.source from customer_identities i join customers c on c.id = i.customer_id where not c.sources @> array[i.source];

-- name: events and audit entries about customers carry no personal data
select id from events where type like 'customer.%' and (data::jsonb) ?| array['name', 'email', 'phone', 'company', 'note', 'address', 'addresses', 'identities']
union all
select a.id from audit_entries a, jsonb_each(a.changes) change
where a.command like 'customers.%' and a.changes is not null and change.key in ('name', 'email', 'phone', 'company', 'note', 'addresses', 'identities')
  and (change.value ->> 'before' is not null or change.value ->> 'after' is not null);

-- name: stock balances are the sums of their movements
select l.variant_id, l.location_id, l.balances, m.balances as moved
from (
  select variant_id, location_id, array[available, reserved, allocated, damaged, quality_control, quarantine, on_order, in_transit, -deficit]::bigint[] as balances from stock_levels
) l
full join (
  -- `deficit` is an overdraft: units taken out of it raise it.
  select variant_id, location_id, array[
    sum(case when to_state = 'available' then quantity when from_state = 'available' then -quantity else 0 end),
    sum(case when to_state = 'reserved' then quantity when from_state = 'reserved' then -quantity else 0 end),
    sum(case when to_state = 'allocated' then quantity when from_state = 'allocated' then -quantity else 0 end),
    sum(case when to_state = 'damaged' then quantity when from_state = 'damaged' then -quantity else 0 end),
    sum(case when to_state = 'quality_control' then quantity when from_state = 'quality_control' then -quantity else 0 end),
    sum(case when to_state = 'quarantine' then quantity when from_state = 'quarantine' then -quantity else 0 end),
    sum(case when to_state = 'on_order' then quantity when from_state = 'on_order' then -quantity else 0 end),
    sum(case when to_state = 'in_transit' then quantity when from_state = 'in_transit' then -quantity else 0 end),
    sum(case when to_state = 'deficit' then quantity when from_state = 'deficit' then -quantity else 0 end)
  ]::bigint[] as balances
  from stock_movements group by variant_id, location_id
) m on m.variant_id = l.variant_id and m.location_id = l.location_id
where l.variant_id is null or l.balances <> coalesce(m.balances, array_fill(0::bigint, array[9]));

-- name: reserved units are those of active reservations
select l.variant_id, l.location_id, l.reserved, coalesce(c.claimed, 0) as claimed from stock_levels l
left join (
  select rl.variant_id, rl.location_id, sum(rl.quantity) as claimed
  from reservations r join reservation_lines rl on rl.reservation_id = r.id where r.status = 'active' group by rl.variant_id, rl.location_id
) c on c.variant_id = l.variant_id and c.location_id = l.location_id
where l.reserved <> coalesce(c.claimed, 0);

-- name: allocated units are those of open claims
select l.variant_id, l.location_id, l.allocated, coalesce(c.claimed, 0) as claimed from stock_levels l
left join (select variant_id, location_id, sum(quantity) as claimed from allocations group by variant_id, location_id) c on c.variant_id = l.variant_id and c.location_id = l.location_id
where l.allocated <> coalesce(c.claimed, 0);

-- name: units on order are those that inbound supplies still expect
select l.variant_id, l.location_id, l.on_order, coalesce(c.expected, 0) as expected from stock_levels l
left join (
  select variant_id, location_id, sum(quantity - received) as expected from inbound_supplies where status = 'expected' group by variant_id, location_id
) c on c.variant_id = l.variant_id and c.location_id = l.location_id
where l.on_order <> coalesce(c.expected, 0);

-- name: no balance is below zero, and what is owed was promised
select variant_id, location_id from stock_levels
where least(available, reserved, allocated, damaged, quality_control, quarantine, on_order, in_transit, deficit, safety_stock) < 0
  or (deficit > 0 and (available > 0 or deficit > reserved + allocated));

-- name: expired reservations are released within a minute
select r.id, r.expires_at, present.at from reservations r,
  -- The newest thing that happened tells the time: the clock may be a test's or a sandbox's.
  (select max(at) as at from ((select at from audit_entries order by id desc limit 1) union all (select at from events order by id desc limit 1)) newest) present
where r.status = 'active' and r.expires_at < present.at - interval '60 seconds';

-- name: every reservation has told of its beginning and its end
select r.id, r.status from reservations r
where not exists (select from events e where e.subject_id = r.id and e.type = 'reservation.created')
  or (r.status <> 'active' and not exists (select from events e where e.subject_id = r.id and e.type = 'reservation.' || r.status));

-- name: converted reservations name their order, others none
select r.id, r.status, r.order_id from reservations r left join orders o on o.id = r.order_id
where (r.status = 'converted') <> (o.id is not null);

-- name: posted counts have their variances in the books
select c.id, l.variant_id, l.counted - l.expected as variance, coalesce(m.quantity, 0) as moved
from stock_counts c join stock_count_lines l on l.count_id = c.id
left join (
  select cause_id, variant_id, sum(case when from_state is null then quantity else -quantity end) as quantity
  from stock_movements where cause_kind = 'count' and (from_state is null or to_state is null) group by cause_id, variant_id
) m on m.cause_id = c.id and m.variant_id = l.variant_id
where coalesce(m.quantity, 0) <> case when c.status = 'posted' then coalesce(l.counted - l.expected, 0) else 0 end;

-- name: what a location still has to do is what it holds claims for
select order_line_id, location_id, w.remaining, a.released
from (
  select l.order_line_id, f.location_id, sum(l.quantity - l.shipped - l.rejected - l.canceled) as remaining
  from fulfillment_order_lines l join fulfillment_orders f on f.id = l.fulfillment_order_id group by l.order_line_id, f.location_id
) w full join allocations a using (order_line_id, location_id)
where coalesce(w.remaining, 0) <> coalesce(a.released, 0);

-- name: units of order lines are where their fulfillment orders have them
select l.id, l.order_id, l.released, l.picked, l.packed, w.released as work_released, w.picked as work_picked, w.packed as work_packed
from order_lines l
left join (
  select order_line_id, sum(quantity - picked - rejected - canceled) as released, sum(picked - packed) as picked, sum(packed - shipped) as packed, sum(shipped) as shipped
  from fulfillment_order_lines group by order_line_id
) w on w.order_line_id = l.id
where (l.released, l.picked, l.packed) is distinct from (coalesce(w.released, 0), coalesce(w.picked, 0), coalesce(w.packed, 0))
  or coalesce(w.shipped, 0) > l.shipped + l.delivered + l.returned;

-- name: fulfillment orders are closed when nothing is left to do
select f.id, f.number, f.status, sum(l.quantity - l.shipped - l.rejected - l.canceled) as remaining
from fulfillment_orders f join fulfillment_order_lines l on l.fulfillment_order_id = f.id
group by f.id having (f.status in ('shipped', 'picked_up', 'rejected', 'canceled')) <> (sum(l.quantity - l.shipped - l.rejected - l.canceled) = 0)
  or (f.closed_at is null) <> (f.status not in ('shipped', 'picked_up', 'rejected', 'canceled'));

-- name: boxes hold what was packed, and every unit is in one box
select f.id, f.number, l.order_line_id, l.packed, b.quantity as in_boxes
from fulfillment_orders f join fulfillment_order_lines l on l.fulfillment_order_id = f.id
left join (
  select s.fulfillment_order_id, p.order_line_id, sum(p.quantity) as quantity
  from shipments s join packages k on k.shipment_id = s.id join package_lines p on p.package_id = k.id where s.status <> 'voided' group by s.fulfillment_order_id, p.order_line_id
) b on b.fulfillment_order_id = f.id and b.order_line_id = l.order_line_id
where f.kind = 'ship' and l.packed <> coalesce(b.quantity, 0);

-- name: shipped fulfillment orders have a shipment that left, and no other has
select f.id, f.number, f.status, s.id as shipment_id, s.status as shipment_status
from fulfillment_orders f left join shipments s on s.fulfillment_order_id = f.id and s.status <> 'voided'
where f.kind = 'ship' and (f.status = 'shipped') <> (s.shipped_at is not null and s.status not in ('pending', 'label_purchased'));

-- name: labels are voided with their shipment
select k.id, k.label_status, s.status from packages k join shipments s on s.id = k.shipment_id
where (k.label_status = 'voided') <> (s.status = 'voided') or (k.label_status = 'none') <> (s.status = 'pending');
