/**
 * Key-value stores: Kafka's key and value bytes are the key and value of the engine, so ranges, prefixes and order are the
 * engine's. In: calls of Kafka's wrapping stores; out: engine writes and reads. Threads as in {@code
 * io.forebay.kafka.state}.
 */
package io.forebay.kafka.kv;
