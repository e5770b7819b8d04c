/**
 * The key/value states: value, list, map, reducing and aggregating. In: calls of user code. Out: reads and writes of rows
 * in the store. Each registered state has one object, which the task thread uses; only queryable reads come from other
 * threads. Invariant: a value that is returned has just been deserialized, and is never shared with the store.
 */
package io.forebay.flink.state;
