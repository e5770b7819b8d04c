/**
 * Fuzzing of decoders, for the tests of all modules. A {@link io.forebay.store.testing.fuzz.FuzzTarget} says what one run
 * is, which errors may come out of it, and how much it may allocate. {@code FuzzSeeds} are its inputs, kept as text;
 * {@link io.forebay.store.testing.fuzz.Mutator} makes thousands of others of them in every build,
 * and Jazzer ({@code ./forebay fuzz}) as many as there is time for.
 */
package io.forebay.store.testing.fuzz;
