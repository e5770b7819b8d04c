/**
 * The suite of the engines themselves: what stream tasks do with a store, through {@code engines.Engine}. Keys have 16
 * bytes, and values do not compress. All engines have the same bytes of memory: what Kafka Streams gives one RocksDB
 * store.
 */
package io.forebay.bench.stores;
