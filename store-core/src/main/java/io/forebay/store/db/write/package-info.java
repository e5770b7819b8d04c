/**
 * The way of a write: limits checked, gate, room in the memtable, sequence number, memtable, log, publication, stall.
 *
 * <p>{@code WritePath} is the protocol. {@code MemtableRoom} makes room in the active memtable and waits for memory;
 * {@code BatchApplier} applies a batch under one publication; {@code WalPath} is the store's side of the write-ahead
 * log; {@code WriteStall} slows writers down when flushes do not keep up. A store without a log has one writing thread;
 * with a log there may be several, which the gate puts in order.
 */
package io.forebay.store.db.write;
