/**
 * Memory of a task slot: leased from Flink's memory manager, handed to one engine environment per slot, given back with
 * the last backend of the slot. Invariant: off-heap memory never exceeds what was leased.
 */
package io.forebay.flink.memory;
