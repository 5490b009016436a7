-- When goods leave, when they were promised, and a number that tells when settings have changed. Adds columns, rewrites nothing.

alter table locations
  -- Cut-offs that differ by shipping method, local HH:MM by method; `pickup` is one, too.
  add column method_cut_offs jsonb not null default '{}',
  -- Minutes of opening time between receiving an order and its being ready, beside the working days.
  add column processing_minutes integer not null default 0 check (processing_minutes between 0 and 10080);

alter table orders
  -- When the units with a location arrive, as the customer was told: the first day and the last.
  add column promised_from date,
  add column promised_by date;

alter table order_lines
  -- Of units that wait: the day on which the supply is expected that will fill them, and when they then arrive.
  add column expected_on date,
  add column promised_from date,
  add column promised_by date;

-- What is read again and again and seldom changes is kept in memory until this number has moved. A sequence, because it
-- locks nothing; who reads it between a change and its commit keeps what was for a second at most.
create sequence setting_changes;

create function count_setting_change() returns trigger language plpgsql as $$
begin
  perform nextval('setting_changes');
  return null;
end $$;

create trigger count_change after insert or update or delete on locations for each statement execute function count_setting_change();
create trigger count_change after insert or update or delete on location_closures for each statement execute function count_setting_change();
create trigger count_change after insert or update or delete on location_groups for each statement execute function count_setting_change();
create trigger count_change after insert or update or delete on location_group_members for each statement execute function count_setting_change();
create trigger count_change after insert or update or delete on channels for each statement execute function count_setting_change();
create trigger count_change after insert or update or delete on channel_location_groups for each statement execute function count_setting_change();
create trigger count_change after insert or update or delete on rate_tables for each statement execute function count_setting_change();
create trigger count_change after insert or update or delete on sourcing_strategies for each statement execute function count_setting_change();
