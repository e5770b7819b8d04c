/**
 * What all Forebay stores of Kafka Streams have in common: opening and closing the engine store in the task directory, the
 * environment that the stores of an application share, commits with their payload, and the translation of failures.
 *
 * <p>Threads: the <i>writer</i> writes, commits, restores and closes. It is the thread that has the task: the stream
 * thread, or the state updater. The role moves with the task; Kafka hands the task over, so what one writer did happens
 * before what the next one does. Interactive queries read from any thread, also while the store is being closed.
 *
 * <p>Invariant: rows, offsets, position and stream time come back together, as they were at one commit, in whatever way the
 * process ended.
 */
package io.forebay.kafka.state;
