/**
 * Timers as rows of the store: one ordered set per key group with its head in memory. Elements enter and leave through
 * Flink's priority queues; rows leave to the store at once, deletions of polled rows in runs. Task thread only.
 */
package io.forebay.flink.timer;
