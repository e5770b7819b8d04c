/**
 * The engines that are compared, behind one interface. Each is called through the Java API that its users call, by one thread, with
 * what it returns read; without a write-ahead log, as Kafka Streams and Flink run them, and without compression. All get the same
 * {@code Setup}: bytes of memory for cache and write buffers together, and the size of a write buffer. What else differs is what the
 * hosts set, and stands in {@code RocksSettings}.
 */
package io.forebay.bench.engines;
