/** Streams of keys and namespaces over the rows of a state, each over a fixed view of the store. Used by one thread at a time. */
package io.forebay.flink.iterator;
