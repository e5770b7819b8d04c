/**
 * The lowest layer: memory access ({@link io.forebay.store.util.Slab}), encodings, and the production implementations of
 * what an {@link io.forebay.store.Environment} injects (clock, threads, memory, random ids). Nothing here knows the
 * engine; every other package may use it. Only this package reads the system clock, creates threads or asks for
 * randomness.
 */
package io.forebay.store.util;
