-- What moved at one location, newest first: without it a store with few movements looks through everybody's. A fourth
-- index of the table that is written most, 26 MB for 660,000 movements. Writes wait while it is built.
create index stock_movements_location on stock_movements (location_id, id);
