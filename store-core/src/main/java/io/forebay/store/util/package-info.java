/**
 * The lowest layer: memory access ({@link io.forebay.store.util.Slab}), encodings, and the implementations of clock, threads,
 * memory and random ids that an {@link io.forebay.store.Environment} uses in production. Nothing in this package knows the
 * engine; every other package may use it. Only this package reads the system clock, creates threads or asks for randomness.
 */
package io.forebay.store.util;
