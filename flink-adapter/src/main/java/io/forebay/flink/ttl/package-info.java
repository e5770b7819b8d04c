/** Cleaning up of state whose time to live is over, in the background. */
package io.forebay.flink.ttl;
