/**
 * What all Forebay stores of Kafka Streams have in common: opening and closing the engine store in the task directory, the
 * environment that the stores of an application share, commits with their payload, and the translation of failures.
 *
 * <p>Threads: one thread at a time writes, commits and restores (the stream thread or the state updater; the role moves with
 * the task); interactive queries read from any thread, also while the store is being closed.
 *
 * <p>Invariant: rows, offsets, position and stream time come back together, as of one commit, whatever ended the process.
 */
package io.forebay.kafka.state;
