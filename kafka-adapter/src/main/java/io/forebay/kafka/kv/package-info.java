/**
 * Key-value stores. The bytes of Kafka's keys and values are the keys and values of the engine, so ranges, prefixes and
 * order are the engine's. In: calls of Kafka's wrapping stores. Out: reads and writes of the engine. Threads: as in
 * {@code io.forebay.kafka.state}.
 */
package io.forebay.kafka.kv;
