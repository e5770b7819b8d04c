/**
 * Microbenchmarks under JMH: single operations on a small store that stays in memory, without the noise of flushes,
 * compactions and the page cache. {@code Micro} starts JMH once for each engine, with the class path of that engine, and
 * prints the results side by side.
 */
package io.forebay.bench.micro;
