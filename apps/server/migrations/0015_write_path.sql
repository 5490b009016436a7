-- What every order pays for: outcomes, decisions and events are kept as they were written, not taken apart.
-- Rewrites three tables; the locks last as long as that takes.

-- Stored once, in the commit of the effect: there is no row without an outcome.
delete from idempotency_keys where outcome is null;
alter table idempotency_keys alter column outcome type json using outcome::json, alter column outcome set not null;
alter table sourcing_decisions alter column decision type json using decision::json;
alter table events alter column data type json using data::json;

-- Positions are made from events alone and never outlive them; checking each against its event was a third of the relay's work.
alter table event_positions drop constraint event_positions_event_id_fkey;
