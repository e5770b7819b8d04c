/**
 * The suite of the engines themselves: what stream tasks do to a store, played through {@code engines.Engine}. Keys of 16 bytes,
 * values that do not compress; memory as Kafka Streams gives it to one RocksDB store, the same bytes for all.
 */
package io.forebay.bench.stores;
