/**
 * Micro cases under JMH: single operations on a small store that stays in memory, where the noise of flushes, compactions and the
 * page cache is out of the picture. {@code Micro} starts JMH once for each engine, with the class path of that engine, and puts the
 * results side by side.
 */
package io.forebay.bench.micro;
