/**
 * What a Kafka store writes into each commit of its engine besides the rows: how the rows are laid out, the changelog
 * offsets, the position vector and the observed stream time. In: values; out: bytes, and back. No threads, no I/O, nothing
 * of Kafka's internals. docs/format/kafka-payload.md describes the bytes.
 *
 * <p>Invariant: rows and payload become durable in one manifest edit, so an offset read back never runs ahead of the rows
 * nor behind them.
 */
package io.forebay.kafka.offsets;
