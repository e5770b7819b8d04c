/**
 * What durability, checksums, compression and encryption cost: variants of Forebay are compared in one run. Each round
 * plays the same {@code Work}s on a new store of each {@code Variant}; the order of the variants changes from round to
 * round. The table shows how many times longer a variant takes than the plain store.
 *
 * <p>One thread plays, beside the background threads of the stores.
 */
package io.forebay.bench.costs;
