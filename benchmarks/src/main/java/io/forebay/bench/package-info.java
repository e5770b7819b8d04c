/**
 * Comparisons of Forebay with RocksDB, side by side in one run: every round runs each work on both engines in turn, and the
 * table shows medians over the rounds and their ratio.
 */
package io.forebay.bench;
