/**
 * The payload that a Kafka store writes with each commit of its engine store: the layout of the rows, the changelog
 * offsets, the position vector and the observed stream time. This package turns values into bytes, and bytes into values.
 * It has no threads and no I/O, and uses nothing of Kafka's internals. docs/format/kafka-payload.md describes the bytes.
 *
 * <p>Invariant: rows and payload become durable in one manifest edit. So an offset that is read back is never ahead of the
 * rows, and never behind them.
 */
package io.forebay.kafka.offsets;
