/**
 * The key/value states: value, list, map, reducing and aggregating. Calls of user code enter, row operations on the store
 * leave. One object per registered state, used by the task thread; only queryable reads come from other threads.
 * Invariant: values handed out are freshly deserialised and never shared with the store.
 */
package io.forebay.flink.state;
