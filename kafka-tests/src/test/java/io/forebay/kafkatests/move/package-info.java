/**
 * Stores that move between RocksDB itself and Forebay, under the steps in which Kafka Streams 4.3 opens, restores, commits and
 * closes them, with a changelog that forgets deletions.
 */
package io.forebay.kafkatests.move;
