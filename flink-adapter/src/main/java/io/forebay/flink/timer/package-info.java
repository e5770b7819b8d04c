/**
 * Timers as rows of the store: one ordered set for each key group, with its head in memory. In: calls of Flink's priority
 * queues. Out: rows, which are written to the store at once, and deletions of polled rows, which are written in runs. By
 * option timers are objects on the heap instead, and rows for the moment of a native snapshot only. Used by one thread,
 * that of the task.
 */
package io.forebay.flink.timer;
