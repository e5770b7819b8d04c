/** Comparisons of Forebay with RocksDB, side by side in one run. */
package io.forebay.bench;
