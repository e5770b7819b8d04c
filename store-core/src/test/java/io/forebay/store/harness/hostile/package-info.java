/**
 * Things that are no files of ours, such as links and FIFOs, in the place of files of a store, or under names that it will use.
 */
package io.forebay.store.harness.hostile;
