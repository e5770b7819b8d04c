/**
 * Timers as rows of the store: one ordered set for each key group, with its head in memory. In: calls of Flink's priority
 * queues. Out: rows, which are written to the store at once, and deletions of polled rows, which are written in runs.
 * Used by one thread, that of the task.
 */
package io.forebay.flink.timer;
