-- The identities that always hold. Each query answers the rows that break one; any row is a bug.
-- Read-only; runs after every test that touches data and by `switchyard audit`.

-- name: idempotency keys have an outcome
select caller_id, key from idempotency_keys where outcome is null;

-- name: event sequences have no gap
select order_id, count(*) as events, max(order_sequence) as last
from events where order_id is not null
group by order_id having count(*) <> max(order_sequence) or min(order_sequence) <> 1;

-- name: event positions have no gap
select s.last_position, count(p.*) as positions
from relay_state s left join event_positions p on true
group by s.last_position having count(p.position) <> s.last_position or coalesce(max(p.position), 0) <> s.last_position;
