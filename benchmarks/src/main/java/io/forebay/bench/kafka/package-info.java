/**
 * The state stores of Kafka Streams, called as a stream task calls them: through Kafka's metered stores and within a context
 * that processes a record. Forebay's stores against those that Kafka brings along, persistent (RocksDB) and in memory;
 * caching and logging are off for all. Found as a {@link io.forebay.bench.scenarios.Suite}. One thread.
 */
package io.forebay.bench.kafka;
