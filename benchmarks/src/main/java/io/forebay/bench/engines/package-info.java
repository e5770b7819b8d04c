/**
 * The engines that are compared, with one interface. One thread calls each engine through the Java API that its users
 * call, and reads what the engine returns. Engines run without a write-ahead log, as in Kafka Streams and Flink, and
 * without compression. All get the same {@code Setup}: bytes of memory for cache and write buffers together, and the size
 * of a write buffer. Other settings are those of the hosts, and are in {@code RocksSettings}.
 */
package io.forebay.bench.engines;
