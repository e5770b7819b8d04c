/**
 * The public API of the Forebay engine, and the only package of the engine that users may compile against.
 *
 * <p>An {@link io.forebay.store.Environment} owns memory, background threads and the clock, and opens {@link
 * io.forebay.store.Store}s. One thread at a time writes to a store, or several threads if the store has a write-ahead
 * log; any number of threads read it. The types of this package have no logic of the engine: all packages below may use
 * them as vocabulary. Only {@code Environment}, {@code FileStores} and {@code KeyProviders} depend on packages of the
 * engine.
 */
package io.forebay.store;
