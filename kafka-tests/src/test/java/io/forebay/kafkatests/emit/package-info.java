/**
 * Operators that put windows and sessions out when they close, and the stores under them: on Forebay and on RocksDB, with all
 * that Kafka Streams lays over either.
 */
package io.forebay.kafkatests.emit;
