/**
 * What durability, checksums, compression and encryption cost: Forebay against itself in one run. Every round plays the same
 * {@code Work}s on a fresh store of each {@code Variant}, in another order each time; the table shows how many times longer a
 * variant takes than the plain store.
 *
 * <p>One thread does all of it, apart from the background threads of the stores.
 */
package io.forebay.bench.costs;
