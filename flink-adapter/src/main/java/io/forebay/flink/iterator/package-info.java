/**
 * Streams of keys and namespaces over the rows of a state, each over one state of the store. Used by one thread at a
 * time.
 */
package io.forebay.flink.iterator;
