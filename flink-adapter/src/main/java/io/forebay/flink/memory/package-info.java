/**
 * The memory of a task slot. It is leased from Flink's memory manager, used by one engine environment for each slot, and
 * given back with the last backend of the slot. Invariant: memory outside the heap never exceeds what was leased, with
 * one exception. The engine cannot work with less than 1 MiB, so a smaller lease is taken as 1 MiB, with a warning.
 */
package io.forebay.flink.memory;
