/**
 * Random operations on one store and on a sorted map, with crashes, reopens, checkpoints and rescales
 * ({@link io.forebay.store.harness.random.StoreActor}). {@code harness.metamorphic} compares stores with other options as well.
 */
package io.forebay.store.harness.random;
