/**
 * Drops expired state, whose time to live is over, in the background. In: descriptors of states, and rows. Out: which
 * rows go.
 */
package io.forebay.flink.ttl;
