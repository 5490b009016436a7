import type { Mutant } from '../mutant.ts'

const CONSTRAINTS = ['test/constraints.test.ts']

function loosened(name: string, identity: string, migration: string, before: string, after: string): Mutant {
  return { name: `schema: ${name}`, identity, file: `migrations/${migration}.sql`, before, after, tests: CONSTRAINTS }
}

/** Constraints that are not there. */
export const SCHEMA_MUTANTS: readonly Mutant[] = [
  loosened('a key may be there twice', 'a key has one effect', '0001_platform', '  created_at timestamptz not null,\n  primary key (caller_id, key)\n', '  created_at timestamptz not null\n'),
  loosened('a key needs no outcome', 'idempotency keys have an outcome', '0015_write_path', ', alter column outcome set not null', ''),
  loosened('two events of an order may have one number', 'event sequences have no gap', '0001_platform', 'create unique index events_order', 'create index events_order'),
  loosened('an event of an order needs no number', 'event sequences have no gap', '0001_platform', 'default pg_current_xact_id(),\n  check ((order_id is null) = (order_sequence is null))\n', 'default pg_current_xact_id()\n'),
  loosened('two events may have one position', 'event positions have no gap', '0001_platform', 'position bigint primary key', 'position bigint not null'),
  loosened('one location may have half coordinates', "a location's country and coordinates are those of its address", '0005_locations', "default '{}',\n  check ((latitude is null) = (longitude is null))\n", "default '{}'\n"),
  loosened('available units may be below zero', 'no unit is sold twice', '0007_inventory', ' check (available >= 0)', ''),
  loosened('reserved units may be below zero', 'no balance is below zero, and what is owed was promised', '0007_inventory', ' check (reserved >= 0)', ''),
  loosened('allocated units may be below zero', 'no balance is below zero, and what is owed was promised', '0007_inventory', ' check (allocated >= 0)', ''),
  loosened('a deficit may be below zero', 'no balance is below zero, and what is owed was promised', '0007_inventory', ' check (deficit >= 0)', ''),
  loosened('movements may be of no units', 'stock balances are the sums of their movements', '0007_inventory', 'quantity integer not null check (quantity > 0),\n  reason text', 'quantity integer not null,\n  reason text'),
  loosened('movements may lead where they began', 'stock balances are the sums of their movements', '0007_inventory', '  note text,\n  -- Levels are locked by the one function that writes movements, and never deleted: a foreign key would cost a quarter of the write.\n  check (from_state is distinct from to_state)\n', '  note text\n'),
  loosened('an ended reservation may be active', 'every reservation has told of its beginning and its end', '0007_inventory', "  order_id uuid,\n  check ((status = 'active') = (ended_at is null))\n", '  order_id uuid\n'),
  loosened('a count may have a variance of nothing', 'posted counts have their variances in the books', '0007_inventory', 'primary key (count_id, variant_id),\n  check ((counted is null) = (expected is null) and (counted is null) = (counted_at is null))\n', 'primary key (count_id, variant_id)\n'),
  loosened('counters need not add up', 'line counters add up to the ordered quantity', '0008_orders', '  constraint order_lines_counters_add_up check (quantity = open + backordered + allocated + released + picked + packed + shipped + delivered + returned + canceled),\n', ''),
  loosened('shipped units may be below zero', 'a unit comes back once, and only after it left', '0008_orders', ' check (shipped >= 0)', ''),
  loosened('delivered units may be below zero', 'a unit comes back once, and only after it left', '0008_orders', ' check (delivered >= 0)', ''),
  loosened('the sum of open units may be below zero', 'order counters are the sums of their lines', '0008_orders', ' check (units_open >= 0)', ''),
  loosened('open holds may be below zero', 'open holds are counted', '0008_orders', ' check (open_holds >= 0)', ''),
  loosened('the total need not add up', 'order totals are the sums of their lines', '0008_orders', '  constraint orders_total_adds_up check (total = subtotal - discount_total + shipping_total + case when prices_include_tax then 0 else tax_total end),\n', ''),
  loosened('a discount may be larger than its line', 'order totals are the sums of their lines', '0008_orders', 'delivered + returned + canceled),\n  constraint order_lines_discount_bounded check (discount <= unit_price * quantity)\n', 'delivered + returned + canceled)\n'),
  loosened('canceled units may give back more than the total', 'canceled units have given back their shares', '0017_order_worth', '  add constraint orders_canceled_bounded check (canceled_total between 0 and total),\n', ''),
  loosened('returns may give back less than nothing', 'returns have given back shares and shipping, less what was withheld', '0017_order_worth', ' check (returned_total >= 0)', ''),
  loosened('one external id may be two orders', 'an external id is one order', '0008_orders', '  constraint orders_external_id unique (channel_id, external_id),\n', ''),
  loosened('more may be captured than was authorized', 'nothing is captured beyond its authorization or refunded beyond its capture', '0009_payments', '  constraint payments_captured_bounded check (captured + capturing + voided + voiding <= authorized),\n', ''),
  loosened('more may be refunded than was captured', 'nothing is captured beyond its authorization or refunded beyond its capture', '0009_payments', '(tender = \'card\') = (gateway is not null)),\n  constraint payments_captured_bounded check (captured + capturing + voided + voiding <= authorized),\n  constraint payments_refunded_bounded check (refunded + refunding <= captured)\n', '(tender = \'card\') = (gateway is not null)),\n  constraint payments_captured_bounded check (captured + capturing + voided + voiding <= authorized)\n'),
  loosened('a failed entry may be tried again twice', 'money moves once', '0009_payments', 'retry_of uuid unique references', 'retry_of uuid references'),
  loosened('an entry without an outcome may be settled', 'payment balances are the sums of their entries', '0009_payments', "  settled_at timestamptz,\n  check ((status in ('pending', 'unknown')) = (settled_at is null))\n", '  settled_at timestamptz\n'),
  loosened('more of a claim may be released than it has', 'claims are what the lines say is claimed', '0010_sourcing', ' references stock_levels (variant_id, location_id),\n  check (released between 0 and quantity)\n', ' references stock_levels (variant_id, location_id)\n'),
  loosened('claims may be of orders that are not there', 'claims belong to orders that still want them', '0010_sourcing', 'order_line_id uuid not null references order_lines (id)', 'order_line_id uuid not null'),
  loosened('units may be shipped that are not packed', 'a unit leaves once', '0011_fulfillment', 'primary key (fulfillment_order_id, order_line_id),\n  check (shipped <= packed and packed <= picked and picked + rejected + canceled <= quantity)\n', 'primary key (fulfillment_order_id, order_line_id)\n'),
  loosened('two boxes may have one label', 'a box has one active label', '0012_shipping', 'create unique index packages_tracking', 'create index packages_tracking'),
  loosened('a label needs no number', 'labels are voided with their shipment', '0012_shipping', "unique (shipment_id, package_number),\n  check ((label_status = 'none') = (tracking_number is null))\n", 'unique (shipment_id, package_number)\n'),
  loosened('more may be received than was announced', 'a unit comes back once, and only after it left', '0013_returns', '  check (received <= quantity),\n', ''),
  loosened('more may be graded than was received', 'returns pay back no more than the shares of what they received', '0013_returns', '  check (restocked + damaged + quality_control + scrapped <= received),\n', ''),
  loosened('more may be paid back than the share', 'returns pay back no more than the shares of what they received', '0013_returns', '<= received),\n  check (refunded + withheld <= refundable)\n', '<= received)\n'),
  loosened('one order line may stand twice in a return', 'returned units of order lines are those that returns received', '0013_returns', '  unique (return_id, order_line_id),\n', ''),
  loosened('a version of a form may be there twice', 'the versions of an order form have no gap, and a channel names its newest', '0006_channels', '  created_by uuid not null,\n  primary key (channel_id, form_version)\n', '  created_by uuid not null\n'),
  loosened('a bundle may contain itself', 'bundles consist of goods', '0003_catalog', 'primary key (bundle_id, component_id),\n  check (bundle_id <> component_id)\n', 'primary key (bundle_id, component_id)\n'),
]
