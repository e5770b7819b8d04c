/**
 * The state stores of Kafka Streams, called as a stream task calls them: through Kafka's metered stores, in a context that
 * processes a record. Forebay's stores are compared with those that Kafka brings along, persistent (RocksDB) and in memory.
 * Caching and logging are off for all stores. A {@link io.forebay.bench.scenarios.Suite} of one thread.
 */
package io.forebay.bench.kafka;
