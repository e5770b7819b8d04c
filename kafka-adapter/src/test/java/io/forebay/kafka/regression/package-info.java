/**
 * Bugs of stores of Kafka Streams, a class for each, named after what was wrong. The comment of the class says what users saw; the
 * table of bugs in {@code docs/testing.md} says how it was found.
 *
 * <p>A bug that one class shows by itself is tested beside that class, and one of a subject that has its class, such as commits,
 * damage or a move from RocksDB, is a method there.
 */
package io.forebay.kafka.regression;
