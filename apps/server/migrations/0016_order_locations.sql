-- Which orders have to do with a location, for callers who are confined to some. New indexes only.

create index fulfillment_orders_location on fulfillment_orders (location_id, order_id);
create index returns_location on returns (location_id, order_id) where location_id is not null;
create index orders_pickup on orders (pickup_location_id, id) where pickup_location_id is not null;
