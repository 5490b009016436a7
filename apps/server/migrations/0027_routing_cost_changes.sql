-- Processes keep the cost model and the newest prices in memory until the count of changes has moved.
create trigger count_change after insert or update or delete on cost_models for each statement execute function count_setting_change();
create trigger count_change after insert or update or delete on price_runs for each statement execute function count_setting_change();
