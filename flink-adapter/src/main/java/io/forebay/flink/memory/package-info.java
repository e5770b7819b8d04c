/**
 * Memory of a task slot: leased from Flink's memory manager, handed to one engine environment per slot, given back with
 * the last backend of the slot. Invariant: off-heap memory never exceeds what was leased, but that a lease of less than
 * 1 MiB, with which the engine cannot work, is taken as 1 MiB, with a warning.
 */
package io.forebay.flink.memory;
