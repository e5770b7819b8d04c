/**
 * Every order of the steps of two operations on a store. {@link io.forebay.store.harness.interleave.StoreInterleavings} are the
 * pairs; {@code io.forebay.store.testing.interleave} makes the orders. This package is loaded once more with the engine that is
 * stepped, and so is not that of the explorer, which both sides share.
 */
package io.forebay.store.harness.interleave;
