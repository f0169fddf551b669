/*
description = "Cancellations of the carrier's flights from New York"
owner = "flight-operations"
entities = ["carrier"]
timestamp_field = "known_from"

[[aggregations]]
function = "rate"
expr = "cancelled"
name = "carrier_cancelled"
windows = ["7d", "28d"]
description = "Share of flights cancelled"
*/
-- The data does not say when a flight was cancelled. No flight left later than 21 h 41 min after schedule,
-- so 24 hours after schedule one that has not left is known not to leave.
SELECT carrier, cancelled, coalesce(actual_departure, scheduled_departure + INTERVAL 24 HOUR) AS known_from
FROM raw.flights
