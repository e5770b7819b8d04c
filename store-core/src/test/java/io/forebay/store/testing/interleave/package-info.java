/**
 * Interleavings of two threads, enumerated. {@link io.forebay.store.testing.interleave.InstrumentingLoader} loads a second copy
 * of the engine, in which every access to a volatile field, through a {@code VarHandle}, to an atomic or to a slab, and every
 * monitor, first reports to {@link io.forebay.store.testing.interleave.Points}. There the thread stops, and
 * {@link io.forebay.store.testing.interleave.ScheduleExplorer} says which of the two goes on. The engine itself knows nothing of it and
 * pays nothing.
 *
 * <p>The explorer runs an {@link io.forebay.store.testing.interleave.Interleaving} again and again, each time in another
 * order, until every order has been tried that can be told from the others: of orders that differ only in steps that do not
 * touch the same place, one is enough (dynamic partial-order reduction with sleep sets). A failure names the orders of steps
 * that led to it, and is repeated by running the test again: everything is deterministic.
 *
 * <p>What it does not show: only one thread runs at a time, so what a weaker memory model allows beyond an order of the
 * steps is left to jcstress; a thread that waits on a condition ({@code Object.wait}) is not modelled, so operations must not
 * wait for background work, which is a step of its own.
 *
 * <p>Threads: the two that are stepped are {@link io.forebay.store.testing.interleave.ControlledThread}s; of everything here only
 * one of them, or the thread that explores, runs at a time.
 */
package io.forebay.store.testing.interleave;
