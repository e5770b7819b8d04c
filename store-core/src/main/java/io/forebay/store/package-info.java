/**
 * The public API of the Forebay engine, and the only package that users may compile against.
 *
 * <p>An {@link io.forebay.store.Environment} owns memory, background threads and the clock; it opens {@link
 * io.forebay.store.Store}s. One thread at a time writes to a store, or several if it has a write-ahead log; any
 * number of threads read it. The types of this package carry no logic of the engine: all packages below may use them as
 * vocabulary, and only {@code Environment}, {@code FileStores} and {@code KeyProviders} reach down into the engine.
 */
package io.forebay.store;
