/**
 * Keyed state through Flink's state backends. The scenarios call what an operator calls, so the figures include
 * serializers of keys and values, namespaces and timers. In: a configuration for each contender, and the scale of a
 * scenario. Out: the works of the trial. A scenario uses the thread that plays it, as a task does.
 */
package io.forebay.bench.flink;
