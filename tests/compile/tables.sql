-- What the definitions of the pairs read.
CREATE TABLE events (
    "k" VARCHAR, "l" BIGINT, "at" TIMESTAMPTZ, "created" TIMESTAMPTZ, "n" BIGINT, "x" DOUBLE, "label" VARCHAR,
    "ts" BIGINT
);
CREATE TABLE clocks ("k" VARCHAR, "at" TIMESTAMP, "n" BIGINT);
CREATE SCHEMA raw;
CREATE TABLE raw.register ("k" VARCHAR, "name" VARCHAR, "year" BIGINT);
CREATE TABLE spine ("k" VARCHAR, "l" BIGINT, "event_timestamp" TIMESTAMPTZ, "amount" DOUBLE);
CREATE SCHEMA features;
